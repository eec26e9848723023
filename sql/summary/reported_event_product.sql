-- One row per product that may share in reported events (NULL: none can be told): events it has a
-- part in, and their sum when each counts once, shared between the products and lots given.
SELECT
    p.product_id,
    b.brand,
    COUNT(DISTINCT p.reported_event_key) AS n_events,
    COUNT(DISTINCT p.reported_event_key) FILTER (WHERE p.basis = 'stated_only') AS n_stated_only,
    COUNT(DISTINCT p.lot) AS n_lots,
    SUM(p.event_share) AS shared_events
FROM derived.reported_event_product AS p
INNER JOIN temp.counted_event AS c ON p.reported_event_key = c.reported_event_key
LEFT JOIN guideline.product AS b ON p.product_id = b.product_id
GROUP BY p.product_id, b.brand
