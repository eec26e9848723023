-- One row per month, per product, per site, per site, product and month, and one for all, of the
-- gram ledger in the period: where the grams went. What came in equals what went out in each row;
-- NULL is none of the kind. `part` says which it is.
SELECT
    CASE GROUPING_ID(m.month_on, m.product_id, m.site_id)
        WHEN 0 THEN 'cell'
        WHEN 3 THEN 'month'
        WHEN 5 THEN 'product'
        WHEN 6 THEN 'site'
        WHEN 7 THEN 'all'
    END AS part,
    m.month_on,
    m.product_id,
    MIN(p.brand) AS brand,
    m.site_id,
    SUM(m.authorised_g) AS authorised_g,
    SUM(m.dispensed_g) AS dispensed_g,
    SUM(m.carried_in_g) AS carried_in_g,
    SUM(m.infused_g) AS infused_g,
    SUM(m.wasted_g) AS wasted_g,
    SUM(m.returned_g) AS returned_g,
    SUM(m.carried_out_g) AS carried_out_g,
    SUM(m.unexplained_g) AS unexplained_g,
    SUM(m.not_infused_g) AS not_infused_g,
    SUM(m.infused_without_dispensing_g) AS infused_without_dispensing_g,
    SUM(m.other_product_g) AS other_product_g,
    SUM(m.grams_differ_g) AS grams_differ_g,
    SUM(m.duplicate_g) AS duplicate_g,
    SUM(m.ambiguous_match_g) AS ambiguous_match_g,
    SUM(m.grams_unknown_g) AS grams_unknown_g,
    SUM(m.quarantined_row_g) AS quarantined_row_g,
    SUM(m.outside_period_g) AS outside_period_g,
    SUM(m.other_lot_g) AS other_lot_g
FROM derived.ledger_month AS m
LEFT JOIN guideline.product AS p ON m.product_id = p.product_id
WHERE m.is_in_period AND NOT m.is_set_aside
GROUP BY
    GROUPING SETS (
        (m.month_on, m.product_id, m.site_id), (m.month_on), (m.product_id), (m.site_id), ()
    )
HAVING COUNT(*) > 0
