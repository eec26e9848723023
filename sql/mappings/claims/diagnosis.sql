-- One row per claim, day of service and diagnosis code of its lines that stand, of any service.
-- When the disease began, and whether it was there on admission, a claim line does not say.
WITH coded AS (
    SELECT
        b.claim_id,
        b.patient_id,
        b.service_date,
        l.diagnosis_version,
        UNNEST([
            l.diagnosis_code_1, l.diagnosis_code_2, l.diagnosis_code_3, l.diagnosis_code_4,
            l.diagnosis_code_5, l.diagnosis_code_6, l.diagnosis_code_7, l.diagnosis_code_8,
            l.diagnosis_code_9, l.diagnosis_code_10, l.diagnosis_code_11, l.diagnosis_code_12
        ]) AS code,
        b.source_file,
        b.source_row
    FROM step.billed AS b
    INNER JOIN raw.claim_line AS l
        ON b.source_file = l.source_file AND b.source_row = l.source_row
    WHERE b.standing = 'stands'
)

SELECT
    patient_id,
    CASE
        WHEN diagnosis_version IS NULL OR diagnosis_version = '10' THEN 'ICD10CM'
        WHEN diagnosis_version = '9' THEN 'ICD9CM'
        ELSE diagnosis_version
    END AS code_system,
    code,
    service_date AS recorded_on,
    source_file,
    source_row
FROM coded
WHERE code IS NOT NULL
QUALIFY
    ROW_NUMBER() OVER (
        PARTITION BY claim_id, patient_id, service_date, code
        ORDER BY source_file ASC, source_row ASC
    ) = 1
