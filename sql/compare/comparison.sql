-- One row per kind of figure and unit: its events and sessions of the period, and those of the
-- units it is compared with. Of lots only those with an event.
WITH exposed AS (
    SELECT
        population,
        unit_kind,
        product_id,
        unit_id,
        peers,
        SUM(sessions) AS sessions,
        SUM(n_sessions) AS n_sessions
    FROM temp.compared_used
    GROUP BY ALL
),

beside AS (
    SELECT
        *,
        SUM(sessions) OVER (PARTITION BY population, unit_kind, peers) AS peer_sessions
    FROM exposed
),

own AS (
    SELECT
        ascertainment,
        population,
        event_code,
        unit_kind,
        product_id,
        unit_id,
        peers,
        SUM(events) AS events,
        SUM(n_cases) AS n_cases
    FROM temp.compared_happened
    GROUP BY ALL
),

peer AS (
    SELECT
        ascertainment,
        population,
        event_code,
        unit_kind,
        peers,
        SUM(events) AS events
    FROM own
    GROUP BY ALL
)

SELECT
    p.ascertainment,
    p.event_code,
    b.unit_kind,
    b.product_id,
    b.unit_id,
    IF(o.events IS NULL, 0, o.events) AS events,
    IF(o.events IS NULL, 0, o.n_cases) AS n_cases,
    b.sessions,
    b.n_sessions,
    p.events - IF(o.events IS NULL, 0, o.events) AS other_events,
    b.peer_sessions - b.sessions AS other_sessions,
    CAST(p.events * b.sessions / b.peer_sessions AS DECIMAL(18, 9)) AS expected
FROM beside AS b
INNER JOIN peer AS p
    ON b.population = p.population AND b.unit_kind = p.unit_kind AND b.peers = p.peers
LEFT JOIN own AS o
    ON
        p.ascertainment = o.ascertainment
        AND p.event_code IS NOT DISTINCT FROM o.event_code
        AND b.unit_kind = o.unit_kind
        AND b.product_id IS NOT DISTINCT FROM o.product_id
        AND b.unit_id = o.unit_id
WHERE b.unit_kind != 'lot' OR o.events > 0
ORDER BY ALL
