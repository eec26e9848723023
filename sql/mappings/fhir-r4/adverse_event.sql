-- One row per AdverseEvent that happened.
SELECT
    event_id,
    patient_id,
    term,
    onset_at,
    grade,
    is_serious,
    imputability,
    assessor,
    outcome,
    infusion_id,
    reported_at,
    recorded_at,
    source_file,
    source_row
FROM step.harmed
WHERE fate = 'read'
