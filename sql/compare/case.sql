-- One row per event that counts in a numerator: a reported event laid to a session of the period,
-- once more where it is serious, and a detected signal without a guard. What was reported and what
-- was detected are never added up. `exposure_key` is of a course where the definition asks courses.
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
),

ascertained AS (
    SELECT
        'reported' AS ascertainment,
        *
    FROM reported
    UNION ALL
    SELECT
        'reported_serious' AS ascertainment,
        *
    FROM reported
    WHERE is_serious
)

SELECT
    ascertainment,
    'reported' AS population,
    event_code,
    case_key,
    patient_key,
    session_key,
    session_key AS first_session_key,
    course_key,
    month_on
FROM ascertained
UNION ALL
SELECT
    'detected' AS ascertainment,
    g.definition_id AS population,
    g.definition_id AS event_code,
    g.subject_key AS case_key,
    MIN(p.patient_key) AS patient_key,
    MIN(p.session_key) FILTER (WHERE g.subject_kind = 'session') AS session_key,
    MIN(p.session_key) AS first_session_key,
    MIN(p.course_key) AS course_key,
    MIN(p.month_on) AS month_on
FROM audit.signal AS g
INNER JOIN temp.compared_population AS p
    ON
        g.definition_id = p.population
        AND g.course_key = p.course_key
        AND (g.subject_kind = 'course' OR g.session_key = p.session_key)
WHERE g.is_counted
GROUP BY g.definition_id, g.subject_key
