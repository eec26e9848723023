-- One row per block of months, event that a case definition could show in exposures begun in them
-- and number of it: detected and counted ones, whether they were reported, flagged ones, patients.
-- Whether they were reported is no row where reports were not supplied. No row per number of all:
-- most lines are of few, and the sum would only give them away.
WITH closed AS (
    SELECT
        m.block,
        e.event,
        e.patient_key,
        e.is_counted,
        e.is_reported,
        TRUE AS is_event
    FROM audit.detected_event AS e
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', e.started_on) AS DATE) = m.month_on
    WHERE NOT e.is_observation
),

-- where it was looked for and not found, 0 says so
looked_for AS (
    SELECT DISTINCT
        m.block,
        s.event
    FROM audit.signal AS s
    INNER JOIN guideline.definition AS d ON s.definition_id = d.definition_id
    INNER JOIN derived.course AS c ON s.course_key = c.course_key
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', c.started_on) AS DATE) = m.month_on
    WHERE s.status <> 'not_evaluable' AND d.event = d.window_of
    UNION
    SELECT
        block,
        event
    FROM closed
),

line AS (
    SELECT
        l.block,
        l.event,
        COUNT(*) FILTER (WHERE e.is_counted) AS n_detected,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE e.is_counted) AS n_patients,
        COUNT(*) FILTER (WHERE e.is_counted AND NOT e.is_reported) AS n_never,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE e.is_counted AND NOT e.is_reported) AS p_never,
        COUNT(*) FILTER (WHERE e.is_counted AND e.is_reported) AS n_also,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE e.is_counted AND e.is_reported) AS p_also,
        COUNT(*) FILTER (WHERE e.is_counted AND e.is_reported IS NULL) AS n_open,
        COUNT(DISTINCT e.patient_key) FILTER (
            WHERE e.is_counted AND e.is_reported IS NULL
        ) AS p_open,
        COUNT(*) FILTER (WHERE e.is_event AND NOT e.is_counted) AS n_flagged,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE NOT e.is_counted) AS p_flagged
    FROM looked_for AS l
    LEFT JOIN closed AS e ON l.block = e.block AND l.event = e.event
    GROUP BY l.block, l.event
),

supplied AS (
    SELECT COUNT(*) > 0 AS has_reports
    FROM audit.record_supplied
    WHERE record = 'adverse_event'
),

number AS (
    SELECT
        l.block,
        l.event,
        s.has_reports,
        UNNEST([ -- the fields are the columns -- noqa: AL03
            {
                'measure': 'detected', 'kind': 'count', 'value': l.n_detected,
                'n_persons': l.n_patients, 'part_of': NULL, 'at_most': NULL
            },
            {
                'measure': 'never_reported', 'kind': 'count', 'value': l.n_never,
                'n_persons': l.p_never, 'part_of': 'detected', 'at_most': NULL
            },
            {
                'measure': 'also_reported', 'kind': 'count', 'value': l.n_also,
                'n_persons': l.p_also, 'part_of': 'detected', 'at_most': NULL
            },
            {
                'measure': 'report_unknown', 'kind': 'count', 'value': l.n_open,
                'n_persons': l.p_open, 'part_of': 'detected', 'at_most': NULL
            },
            {
                'measure': 'detected_patients', 'kind': 'persons', 'value': l.n_patients,
                'n_persons': l.n_patients, 'part_of': NULL, 'at_most': 'detected'
            },
            {
                'measure': 'flagged', 'kind': 'count', 'value': l.n_flagged,
                'n_persons': l.p_flagged, 'part_of': NULL, 'at_most': NULL
            }
        ], recursive := TRUE)
    FROM line AS l
    CROSS JOIN supplied AS s
)

SELECT -- its columns go by name -- noqa: AM04
    n.block,
    n.event AS line_id,
    w.name AS title,
    FALSE AS is_total,
    'detected_events' AS total_of,
    n.measure,
    n.kind,
    n.value,
    n.n_persons,
    n.part_of,
    n.at_most
FROM number AS n
LEFT JOIN guideline.event AS w ON n.event = w.event_code
WHERE n.has_reports OR n.measure NOT IN ('never_reported', 'also_reported')
