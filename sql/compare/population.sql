-- One row per population and course in it. All courses of the period may be followed by a report;
-- a case definition speaks of the courses for which it could be evaluated, and of no other.
-- A working table of the stage.
SELECT
    'reported' AS population,
    c.course_key,
    c.patient_key,
    c.month_on,
    c.n_sessions,
    c.dose_g
FROM temp.compared_course AS c
UNION ALL
-- a definition may be asked of each session of a course
SELECT DISTINCT
    s.definition_id AS population,
    c.course_key,
    c.patient_key,
    c.month_on,
    c.n_sessions,
    c.dose_g
FROM audit.signal AS s
INNER JOIN temp.compared_course AS c ON s.course_key = c.course_key
WHERE s.status IN ('met', 'not_met')
