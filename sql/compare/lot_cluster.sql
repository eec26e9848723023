-- One row per kind of reported figure: events and sessions, and their sums over patient and lot.
-- They show whether the events of one lot come from a few patients who got it again and again.
WITH exposed AS (
    SELECT
        s.patient_key,
        t.product_id,
        t.lot,
        SUM(t.part) AS sessions
    FROM temp.compared_session AS s
    INNER JOIN temp.compared_part AS t ON s.session_key = t.session_key
    GROUP BY s.patient_key, t.product_id, t.lot
),

total AS (
    SELECT
        SUM(sessions) AS sessions,
        SUM(CAST(sessions AS DECIMAL(15, 6)) * CAST(sessions AS DECIMAL(15, 6)))
            AS sessions_squared,
        COUNT(*) AS n_clusters
    FROM exposed
),

told AS (
    SELECT
        s.ascertainment,
        s.event_code,
        c.patient_key,
        p.product_id,
        p.lot,
        SUM(p.event_share) AS events
    FROM temp.compared_series AS s
    INNER JOIN temp.compared_case AS c
        ON
            s.ascertainment = c.ascertainment
            AND (s.event_code = c.event_code OR s.event_code IS NULL)
    INNER JOIN derived.reported_event_product AS p ON c.case_key = p.reported_event_key
    WHERE c.ascertainment != 'detected'
    GROUP BY ALL
),

counted AS (
    SELECT
        t.ascertainment,
        t.event_code,
        SUM(t.events) AS events,
        SUM(CAST(t.events AS DECIMAL(15, 6)) * CAST(t.events AS DECIMAL(15, 6)))
            AS events_squared,
        SUM(CAST(t.events AS DECIMAL(15, 6)) * CAST(e.sessions AS DECIMAL(15, 6)))
            AS events_by_sessions
    FROM told AS t
    INNER JOIN exposed AS e
        ON
            t.patient_key = e.patient_key
            AND t.product_id IS NOT DISTINCT FROM e.product_id
            AND t.lot IS NOT DISTINCT FROM e.lot
    GROUP BY t.ascertainment, t.event_code
)

SELECT
    c.ascertainment,
    c.event_code,
    c.events,
    t.sessions,
    t.n_clusters,
    c.events_squared,
    c.events_by_sessions,
    t.sessions_squared
FROM counted AS c
CROSS JOIN total AS t
ORDER BY ALL
