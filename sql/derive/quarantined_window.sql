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
)

-- an id that two sources use for two patients casts doubt on both
SELECT DISTINCT
    a.patient_key,
    q.on_date
FROM kept_out AS q
INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
