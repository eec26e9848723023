-- One row: what was given in the period, in grams, infusions, sessions, courses, patients.
SELECT
    COUNT(*) AS n_infusions,
    COUNT(DISTINCT session_key) AS n_sessions,
    COUNT(DISTINCT course_key) AS n_courses,
    COUNT(DISTINCT patient_key) AS n_patients,
    SUM(dose_g) AS grams,
    COUNT(*) FILTER (WHERE dose_g IS NULL) AS n_without_grams
FROM report.counted_infusion
