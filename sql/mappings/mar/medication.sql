-- One row per dose of another medicine that was given.
SELECT
    r.patient_id,
    'NAME' AS code_system,
    r.medication AS code,
    r.action_at AS started_at,
    r.route,
    r.source_file,
    r.source_row
FROM raw.mar_action AS r
INNER JOIN step.action AS a ON r.source_file = a.source_file AND r.source_row = a.source_row
WHERE a.fate = 'other_medicine'
