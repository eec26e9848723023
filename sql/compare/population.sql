-- One row per population and session in it. Every session of the period may be followed by a
-- report. A case definition speaks of the exposures for which it could be evaluated and of no
-- other: a course with its sessions, or a single session. `month_on` is when the exposure began.
-- A working table of the stage.
WITH course_month AS (
    SELECT
        course_key,
        MIN(month_on) AS month_on
    FROM temp.compared_session
    GROUP BY course_key
)

SELECT
    'reported' AS population,
    s.session_key,
    s.course_key,
    s.patient_key,
    s.month_on,
    s.dose_g
FROM temp.compared_session AS s
UNION ALL
SELECT
    g.definition_id AS population,
    s.session_key,
    s.course_key,
    s.patient_key,
    m.month_on,
    s.dose_g
FROM audit.signal AS g
INNER JOIN temp.compared_session AS s ON g.course_key = s.course_key
INNER JOIN course_month AS m ON s.course_key = m.course_key
WHERE g.status IN ('met', 'not_met') AND g.subject_kind = 'course'
UNION ALL
SELECT
    g.definition_id AS population,
    s.session_key,
    s.course_key,
    s.patient_key,
    s.month_on,
    s.dose_g
FROM audit.signal AS g
INNER JOIN temp.compared_session AS s ON g.session_key = s.session_key
WHERE g.status IN ('met', 'not_met') AND g.subject_kind = 'session'
