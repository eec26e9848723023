-- One row per hospital admission of MIMIC-III (ADMISSIONS).
SELECT
    hadm_id AS encounter_id,
    subject_id AS patient_id,
    admittime AS started_at,
    dischtime AS ended_at,
    'inpatient' AS kind,
    source_file,
    source_row
FROM raw.admissions
