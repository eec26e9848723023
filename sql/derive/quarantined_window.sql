-- One row per patient and day with a quarantined row of any record kind that names a patient; a
-- day that could not be read is NULL and stands for every day.
WITH kept_out AS (
    SELECT
        patient_id,
        on_date
    FROM quarantine.patient
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.body_measurement
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.diagnosis
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.encounter
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.authorisation
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.dispensing
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.infusion
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.lab_result
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.adverse_event
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.medication
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.vaccination
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.clinical_event
    UNION ALL
    SELECT
        patient_id,
        on_date
    FROM quarantine.outcome_review
),

-- the ids of a merged patient lead to the surviving one
known AS (
    SELECT
        patient_id,
        patient_key
    FROM staged.patient
    UNION
    SELECT
        m.merged_id AS patient_id,
        p.patient_key
    FROM staged.patient_merge AS m
    INNER JOIN staged.patient AS p ON m.surviving_id = p.patient_id
)

SELECT DISTINCT
    k.patient_key,
    q.on_date
FROM kept_out AS q
INNER JOIN known AS k ON TRIM(q.patient_id) = k.patient_id
