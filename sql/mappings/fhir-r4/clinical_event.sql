-- One row per plasma exchange among the Procedures, and per event of a file beside the export.
SELECT
    patient_id,
    event_code,
    occurred_at,
    source_file,
    source_row
FROM step.treated
WHERE fate = 'read'
UNION ALL
SELECT
    patient_id,
    event_code,
    occurred_at,
    source_file,
    source_row
FROM raw.clinical_event
