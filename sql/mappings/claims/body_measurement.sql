-- One row per weight or height supplied beside the claims, which hold none themselves.
SELECT
    patient_id,
    measured_at,
    weight_kg,
    height_cm,
    source_file,
    source_row
FROM raw.body_measurement
