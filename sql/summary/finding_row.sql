-- One row per card, role, record kind and file: the numbers of the records behind the finding.
WITH wanted AS (
    SELECT DISTINCT
        e.finding_key,
        e.record,
        e.record_key,
        e.role
    FROM audit.evidence AS e
    INNER JOIN report.finding_card AS c ON e.finding_key = c.finding_key
),

place AS (
    SELECT
        'infusion' AS record,
        infusion_key AS record_key,
        source_file,
        source_row
    FROM staged.infusion
    UNION ALL
    SELECT
        'dispensing' AS record,
        dispensing_key AS record_key,
        source_file,
        source_row
    FROM staged.dispensing
    UNION ALL
    SELECT
        'body_measurement' AS record,
        body_measurement_key AS record_key,
        source_file,
        source_row
    FROM staged.body_measurement
    UNION ALL
    SELECT
        'diagnosis' AS record,
        diagnosis_key AS record_key,
        source_file,
        source_row
    FROM staged.diagnosis
    UNION ALL
    SELECT
        'authorisation' AS record,
        authorisation_key AS record_key,
        source_file,
        source_row
    FROM staged.authorisation
    UNION ALL
    SELECT
        'medication' AS record,
        medication_key AS record_key,
        source_file,
        source_row
    FROM staged.medication
    UNION ALL
    SELECT
        'clinical_event' AS record,
        clinical_event_key AS record_key,
        source_file,
        source_row
    FROM staged.clinical_event
    UNION ALL
    SELECT
        'encounter' AS record,
        encounter_key AS record_key,
        source_file,
        source_row
    FROM staged.encounter
    UNION ALL
    SELECT
        'patient' AS record,
        patient_key AS record_key,
        source_file,
        source_row
    FROM staged.patient
    UNION ALL
    SELECT
        'rate_step' AS record,
        rate_step_key AS record_key,
        source_file,
        source_row
    FROM staged.rate_step
    UNION ALL
    SELECT
        'vaccination' AS record,
        vaccination_key AS record_key,
        source_file,
        source_row
    FROM staged.vaccination
    UNION ALL
    SELECT
        'outcome_review' AS record,
        outcome_review_key AS record_key,
        source_file,
        source_row
    FROM staged.outcome_review
    UNION ALL
    SELECT
        'infusion_lot' AS record,
        infusion_lot_key AS record_key,
        source_file,
        source_row
    FROM staged.infusion_lot
    UNION ALL
    SELECT
        'dispensing_lot' AS record,
        dispensing_lot_key AS record_key,
        source_file,
        source_row
    FROM staged.dispensing_lot
    UNION ALL
    SELECT
        'lab_result' AS record,
        lab_result_key AS record_key,
        source_file,
        source_row
    FROM staged.lab_result
    UNION ALL
    SELECT
        'adverse_event' AS record,
        adverse_event_key AS record_key,
        source_file,
        source_row
    FROM staged.adverse_event
)

SELECT
    w.finding_key,
    w.role,
    w.record,
    f.file_name,
    COUNT(*) AS n_rows,
    STRING_AGG(CAST(p.source_row AS VARCHAR), ', ' ORDER BY p.source_row) AS source_rows
FROM wanted AS w
INNER JOIN place AS p ON w.record = p.record AND w.record_key = p.record_key
LEFT JOIN audit.input_file AS f ON p.source_file = f.file_id
GROUP BY w.finding_key, w.role, w.record, f.file_name
