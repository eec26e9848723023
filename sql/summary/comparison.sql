-- One row per kind of figure and product or site, and for all events of an ascertainment the 20†
-- lots that lie furthest above their peers: each against its peers in the months of its use.
-- A single event only where a unit has as many of it as could signal†: the others are chance, and
-- fill pages. All stand in audit.comparison.
WITH ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY ascertainment, unit_kind, event_code
            ORDER BY
                IF(ratio IS NULL OR ratio > 1, ratio_p, 1) ASC NULLS LAST,
                events DESC,
                product_id ASC,
                unit_id ASC
        ) AS place
    FROM audit.comparison
    WHERE unit_kind != 'lot' OR event_code IS NULL OR ascertainment = 'detected'
)

SELECT
    c.*, -- noqa: AM04
    e.event_name,
    COALESCE(b.brand, c.product_id) AS product,
    p.is_fitted
FROM ranked AS c
LEFT JOIN temp.event_named AS e
    ON c.event_code = e.event_code AND (c.ascertainment = 'detected') = e.is_definition
LEFT JOIN guideline.product AS b ON c.product_id = b.product_id
LEFT JOIN audit.comparison_prior AS p
    ON c.ascertainment = p.ascertainment AND c.unit_kind = p.unit_kind
CROSS JOIN guideline.policy AS y
WHERE
    (c.unit_kind != 'lot' OR c.place <= 20)
    AND (c.event_code IS NULL OR c.events >= y.signal_min_events)
