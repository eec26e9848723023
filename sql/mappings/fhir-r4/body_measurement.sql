-- One row per weight or height that was measured, in a unit we can read.
SELECT
    patient_id,
    observed_at AS measured_at,
    weight_kg,
    height_cm,
    source_file,
    source_row
FROM step.measured
WHERE fate = 'read' AND (weight_kg IS NOT NULL OR height_cm IS NOT NULL)
