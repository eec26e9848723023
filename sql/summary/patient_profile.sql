-- One row per patient, indication and profile of courses, open ones apart: how many, of how many
-- the grams are not known, and the grams.
-- A working table: few rows stand for all courses under all sets.
SELECT
    patient_key,
    indication_code,
    profile_key,
    is_open,
    COUNT(*) AS n_courses,
    COUNT(*) - COUNT(known_dose_g) AS n_without_grams,
    SUM(known_dose_g) AS grams
FROM report.course_profile
GROUP BY patient_key, indication_code, profile_key, is_open
