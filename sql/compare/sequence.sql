-- One row per product or lot that lies above its peers with three† events or more, the three of
-- each kind that lie furthest above, and closed month of its use: sessions, all reported events and
-- how many would be expected at the peers' rate over the period.
WITH ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY unit_kind
            ORDER BY ratio_p ASC, events DESC, product_id ASC, unit_id ASC
        ) AS place
    FROM audit.comparison
    WHERE
        ascertainment = 'reported'
        AND event_code IS NULL
        AND unit_kind != 'site'
        AND ratio > 1
        AND events >= 3
        AND other_events > 0
),

happened AS (
    SELECT
        unit_kind,
        product_id,
        unit_id,
        month_on,
        events
    FROM temp.compared_happened
    WHERE ascertainment = 'reported' AND event_code IS NULL
)

SELECT
    r.unit_kind,
    r.product_id,
    r.unit_id,
    u.month_on,
    u.sessions,
    IF(h.events IS NULL, 0, h.events) AS events,
    r.other_events / r.other_sessions AS usual_rate
FROM ranked AS r
INNER JOIN temp.compared_used AS u
    ON
        r.unit_kind = u.unit_kind
        AND r.product_id = u.product_id
        AND r.unit_id = u.unit_id
        AND u.population = 'reported'
CROSS JOIN guideline.policy AS p
LEFT JOIN happened AS h
    ON
        u.unit_kind = h.unit_kind
        AND u.product_id = h.product_id
        AND u.unit_id = h.unit_id
        AND u.month_on = h.month_on
WHERE r.place <= 3 AND LAST_DAY(u.month_on) <= COALESCE(LEAST(p.to_on, p.as_of), p.as_of)
ORDER BY r.unit_kind, r.place, u.month_on
