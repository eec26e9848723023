-- One row per patient: sex, and the days between which the patient was born. A birth year alone
-- leaves the whole year open; the age shown then counts from its middle.
SELECT
    patient_key,
    sex,
    birth_date IS NULL AND birth_year IS NOT NULL AS is_age_estimated,
    COALESCE(birth_date, MAKE_DATE(birth_year, 7, 1)) AS born_on,
    COALESCE(birth_date, MAKE_DATE(birth_year, 1, 1)) AS born_from_on,
    COALESCE(birth_date, MAKE_DATE(birth_year, 12, 31)) AS born_to_on
FROM staged.patient
