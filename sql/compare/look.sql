-- One row per closed month, unit used in it and kind of figure: the events of the unit and of all
-- its peers, itself among them, within the window† of months up to it, and how many would be the
-- unit's if they fell on sessions by chance. A unit without a peer in the window has no row.
WITH closed AS (
    SELECT
        m.month_on AS look_on,
        CAST(m.month_on - TO_MONTHS(p.signal_window_months - 1) AS DATE) AS window_on
    FROM (SELECT DISTINCT month_on FROM temp.compared_used) AS m
    CROSS JOIN guideline.policy AS p
    WHERE LAST_DAY(m.month_on) <= COALESCE(LEAST(p.to_on, p.as_of), p.as_of)
),

used AS (
    SELECT
        c.look_on,
        u.population,
        u.unit_kind,
        u.product_id,
        u.unit_id,
        u.peers,
        SUM(u.sessions) AS sessions,
        MAX(u.month_on) AS last_on
    FROM closed AS c
    INNER JOIN temp.compared_used AS u
        ON c.look_on >= u.month_on AND c.window_on <= u.month_on
    GROUP BY ALL
),

beside AS (
    SELECT
        *,
        SUM(sessions) OVER (PARTITION BY look_on, population, unit_kind, peers) AS peer_sessions
    FROM used
),

own AS (
    SELECT
        c.look_on,
        h.ascertainment,
        h.population,
        h.event_code,
        h.unit_kind,
        h.product_id,
        h.unit_id,
        h.peers,
        SUM(h.events) AS events
    FROM closed AS c
    INNER JOIN temp.compared_happened AS h
        ON c.look_on >= h.month_on AND c.window_on <= h.month_on
    GROUP BY ALL
),

peer AS (
    SELECT
        look_on,
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
    b.look_on,
    p.ascertainment,
    p.event_code,
    b.unit_kind,
    b.product_id,
    b.unit_id,
    p.events AS peer_events,
    CAST(p.events * b.sessions / b.peer_sessions AS DECIMAL(18, 9)) AS expected,
    o.events AS own_events
FROM beside AS b
INNER JOIN peer AS p
    ON
        b.look_on = p.look_on
        AND b.population = p.population
        AND b.unit_kind = p.unit_kind
        AND b.peers = p.peers
LEFT JOIN own AS o
    ON
        p.look_on = o.look_on
        AND p.ascertainment = o.ascertainment
        AND p.event_code IS NOT DISTINCT FROM o.event_code
        AND b.unit_kind = o.unit_kind
        AND b.product_id IS NOT DISTINCT FROM o.product_id
        AND b.unit_id = o.unit_id
WHERE b.last_on = b.look_on AND b.sessions < b.peer_sessions
ORDER BY ALL
