-- One row per course with a session in the period: its sessions there, and their grams (NULL
-- where those of any are not known).
-- A working table of the stage.
SELECT
    course_key,
    MIN(patient_key) AS patient_key,
    MIN(month_on) AS month_on,
    COUNT(*) AS n_sessions,
    CASE WHEN COUNT(dose_g) = COUNT(*) THEN SUM(dose_g) END AS dose_g
FROM temp.compared_session
GROUP BY course_key
