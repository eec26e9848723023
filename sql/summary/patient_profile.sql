-- One row per patient, indication and profile of courses, open ones apart: how many, and the grams.
-- A working table: few rows stand for all courses under all sets.
SELECT
    patient_key,
    indication_code,
    profile_key,
    is_open,
    COUNT(*) AS n_courses,
    SUM(known_dose_g) AS grams
FROM report.course_profile
GROUP BY patient_key, indication_code, profile_key, is_open
