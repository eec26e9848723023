-- One row per line of a claim that bills an immune globulin and still stands.
-- A claim has a day and no hour, no lot and no rate. Millilitres come from the NDC quantity, so
-- that they are a second witness of the grams.
SELECT
    CONCAT_WS('-', claim_id, line_number) AS infusion_id,
    patient_id,
    service_date AS started_at,
    product_code,
    dose_g,
    volume_ml,
    route,
    CASE WHEN place_of_service IN ('inpatient', 'day_unit', 'home') THEN place_of_service END
        AS care_setting,
    site_id,
    prescriber_id,
    adjudicated_on AS recorded_at,
    source_file,
    source_row
FROM step.billed
WHERE is_given
