-- One row per indication and profile of courses, open ones apart: how many, and the grams.
-- A working table: where no patient is counted, these few rows stand for all courses.
SELECT
    indication_code,
    profile_key,
    is_open,
    SUM(n_courses) AS n_courses,
    SUM(grams) AS grams
FROM temp.patient_profile
GROUP BY indication_code, profile_key, is_open
