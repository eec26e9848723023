-- One row per patient on the list: the last day on which any record shows them, and which kind of
-- record that is. A day after the as-of date may be mistyped and counts only where the source
-- itself says that it was the last contact.
WITH listed AS (
    SELECT DISTINCT patient_key
    FROM temp.line
    WHERE patient_key IS NOT NULL AND is_listed
),

seen AS (
    SELECT
        patient_key,
        started_on AS seen_on,
        'infusion' AS record
    FROM staged.infusion
    WHERE status IS DISTINCT FROM 'not_given'
    UNION ALL
    SELECT
        patient_key,
        dispensed_on AS seen_on,
        'dispensing' AS record
    FROM staged.dispensing
    UNION ALL
    SELECT
        patient_key,
        occurred_on AS seen_on,
        LOWER(event_code) AS record
    FROM staged.clinical_event
    UNION ALL
    SELECT
        patient_key,
        COALESCE(onset_on, reported_on) AS seen_on,
        'adverse_event' AS record
    FROM staged.adverse_event
    UNION ALL
    SELECT
        patient_key,
        COALESCE(ended_on, started_on) AS seen_on,
        'encounter' AS record
    FROM staged.encounter
    UNION ALL
    SELECT
        patient_key,
        collected_on AS seen_on,
        'lab_result' AS record
    FROM staged.lab_result
    UNION ALL
    SELECT
        patient_key,
        measured_on AS seen_on,
        'body_measurement' AS record
    FROM staged.body_measurement
    UNION ALL
    SELECT
        patient_key,
        reviewed_on AS seen_on,
        'outcome_review' AS record
    FROM staged.outcome_review
    UNION ALL
    SELECT
        patient_key,
        given_on AS seen_on,
        'vaccination' AS record
    FROM staged.vaccination
    UNION ALL
    SELECT
        patient_key,
        recorded_on AS seen_on,
        'diagnosis' AS record
    FROM staged.diagnosis
)

SELECT
    s.patient_key,
    MAX(s.seen_on) AS last_contact_on,
    ARG_MAX(s.record, (s.seen_on, s.record)) AS contact_record
FROM seen AS s
SEMI JOIN listed AS l ON s.patient_key = l.patient_key
CROSS JOIN guideline.policy AS p
WHERE (s.seen_on > p.as_of) IS NOT TRUE OR s.record = 'last_contact'
GROUP BY s.patient_key
