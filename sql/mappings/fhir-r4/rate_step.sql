-- One row per MedicationAdministration that is a part of another and tells its rate alone.
SELECT
    parent_id AS infusion_id,
    started_at AS changed_at,
    rate_ml_per_h,
    source_file,
    source_row
FROM step.dose
WHERE fate = 'rate_step'
