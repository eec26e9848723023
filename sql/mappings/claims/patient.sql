-- One row per patient of the claims.
SELECT
    patient_id,
    birth_date,
    birth_year,
    sex,
    blood_group,
    deceased_on,
    source_file,
    source_row
FROM raw.patient
