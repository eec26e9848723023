-- One row per bag or issue, product and the lot asked for (or one that may be it): its rows
-- together, the nearest likeness first. Grams are known only when they are known for each row.
SELECT
    l.record,
    l.record_key,
    f.product,
    f.fit,
    f.is_only_sc,
    ARG_MIN(l.likeness, l.likeness_order) AS likeness,
    MIN(l.likeness_order) AS likeness_order,
    STRING_AGG(DISTINCT l.lot_number, ' / ' ORDER BY l.lot_number) AS lot_number,
    MIN(l.expires_on) AS expires_on,
    CASE WHEN COUNT(l.lot_g) = COUNT(*) THEN SUM(l.lot_g) END AS lot_g
FROM temp.lot_row AS l
LEFT JOIN temp.product_fit AS f ON l.product_code = f.product_code
WHERE l.likeness != 'neighbour'
GROUP BY l.record, l.record_key, f.product, f.fit, f.is_only_sc
