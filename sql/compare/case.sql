-- One row per event that counts in a numerator: a reported event laid to a session of the period,
-- once more where it is serious, and a detected signal without a guard. What was reported and what
-- was detected are never added up.
-- A working table of the stage.
WITH reported AS (
    SELECT
        e.reported_event_key AS case_key,
        e.event_code,
        e.is_serious,
        e.patient_key,
        s.session_key,
        s.course_key,
        s.month_on
    FROM derived.reported_event AS e
    INNER JOIN temp.compared_session AS s ON e.session_key = s.session_key
    WHERE
        e.attribution IN ('named_infusion', 'in_window', 'several_sessions', 'several_courses')
)

SELECT
    'reported' AS ascertainment,
    'reported' AS population,
    r.event_code,
    r.case_key,
    r.patient_key,
    r.session_key,
    r.course_key,
    r.month_on
FROM reported AS r
UNION ALL
SELECT
    'reported_serious' AS ascertainment,
    'reported' AS population,
    r.event_code,
    r.case_key,
    r.patient_key,
    r.session_key,
    r.course_key,
    r.month_on
FROM reported AS r
WHERE r.is_serious
UNION ALL
SELECT
    'detected' AS ascertainment,
    s.definition_id AS population,
    s.definition_id AS event_code,
    s.course_key AS case_key,
    s.patient_key,
    NULL AS session_key,
    s.course_key,
    c.month_on
FROM audit.signal AS s
INNER JOIN temp.compared_course AS c ON s.course_key = c.course_key
WHERE s.is_counted
