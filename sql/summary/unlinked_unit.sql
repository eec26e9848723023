-- One row per product and lot that only reports name (E18): nothing given is on record that the
-- event could be laid to, so there is a numerator and no denominator, and no rate.
SELECT
    p.product_id,
    COALESCE(b.brand, p.product_id) AS product,
    p.lot,
    COUNT(*) AS n_events,
    COUNT(*) FILTER (WHERE c.is_serious) AS n_serious
FROM derived.reported_event_product AS p
INNER JOIN temp.counted_event AS c ON p.reported_event_key = c.reported_event_key
LEFT JOIN guideline.product AS b ON p.product_id = b.product_id
WHERE p.basis = 'stated_only'
GROUP BY p.product_id, b.brand, p.lot
