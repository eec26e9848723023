-- One row per diagnosis code of an admission in MIMIC-III (DIAGNOSES_ICD).
-- The codes are written for billing when the patient leaves: the day of discharge is the day
-- they were recorded, and when the disease began is not known.
-- The source writes ICD-9-CM without its dot.
SELECT
    d.subject_id AS patient_id,
    'ICD9CM' AS code_system,
    CASE
        WHEN d.icd9_code IS NULL THEN NULL
        WHEN STARTS_WITH(d.icd9_code, 'E') AND LENGTH(d.icd9_code) > 4
            THEN CONCAT(LEFT(d.icd9_code, 4), '.', SUBSTRING(d.icd9_code, 5))
        WHEN NOT STARTS_WITH(d.icd9_code, 'E') AND LENGTH(d.icd9_code) > 3
            THEN CONCAT(LEFT(d.icd9_code, 3), '.', SUBSTRING(d.icd9_code, 4))
        ELSE d.icd9_code
    END AS code,
    LEFT(a.dischtime, 10) AS recorded_on,
    d.hadm_id AS encounter_id,
    CASE
        WHEN d.seq_num IS NULL THEN NULL
        WHEN d.seq_num = '1' THEN 'principal'
        ELSE 'secondary'
    END AS position, -- the contract's name -- noqa: RF04
    d.source_file,
    d.source_row
FROM raw.diagnoses_icd AS d
LEFT JOIN raw.admissions AS a ON d.hadm_id = a.hadm_id
