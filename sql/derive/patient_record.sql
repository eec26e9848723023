-- One row per patient, record kind and code system of it: the first and the last day on which the
-- patient has such a record. It shows where a risk that was not found would have been seen.
SELECT
    patient_key,
    'diagnosis' AS record,
    code_system,
    MIN(COALESCE(recorded_on, DATE '0001-01-01')) AS first_on,
    MAX(COALESCE(recorded_on, DATE '0001-01-01')) AS last_on
FROM staged.diagnosis
GROUP BY patient_key, code_system
UNION ALL
SELECT
    patient_key,
    'medication' AS record,
    code_system,
    MIN(started_on) AS first_on,
    MAX(GREATEST(started_on, ended_on)) AS last_on
FROM staged.medication
GROUP BY patient_key, code_system
UNION ALL
SELECT
    patient_key,
    'clinical_event' AS record,
    NULL AS code_system,
    MIN(occurred_on) AS first_on,
    MAX(occurred_on) AS last_on
FROM staged.clinical_event
GROUP BY patient_key
