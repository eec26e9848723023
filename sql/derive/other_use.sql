-- One row per patient and day with what may have been immunoglobulin treatment and is no session:
-- subcutaneous, intramuscular, or of a product given either way without a recorded route.
SELECT DISTINCT
    patient_key,
    started_on AS used_on
FROM temp.bag
WHERE exclusion IN ('subcutaneous', 'intramuscular', 'route_unknown')
