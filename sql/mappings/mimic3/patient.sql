-- One row per patient of MIMIC-III (PATIENTS).
-- Dates of birth of patients over 89 are moved back 300 years by the source: such a date is
-- a mark and no date of birth, so it is left out.
WITH first_admission AS (
    SELECT
        subject_id,
        MIN(TRY_CAST(admittime AS TIMESTAMP)) AS admitted_at
    FROM raw.admissions
    GROUP BY subject_id
)

SELECT
    p.subject_id AS patient_id,
    CASE
        WHEN f.admitted_at IS NULL THEN LEFT(p.dob, 10)
        WHEN DATE_DIFF('year', TRY_CAST(p.dob AS TIMESTAMP), f.admitted_at) < 200
            THEN LEFT(p.dob, 10)
    END AS birth_date,
    p.gender AS sex,
    LEFT(p.dod, 10) AS deceased_on,
    p.source_file,
    p.source_row
FROM raw.patients AS p
LEFT JOIN first_admission AS f ON p.subject_id = f.subject_id
