-- One row per record where discarded grams were noted, reason (NULL: none given, or no field for
-- it) and product: of issues, and of lots of bags, of the period. The same grams may be noted at
-- two records; the gram ledger counts them once.
WITH discarded AS (
    SELECT
        'dispensing' AS record,
        d.dispensing_key AS record_key,
        d.product_code,
        d.route,
        TRIM(d.waste_reason) AS reason,
        d.wasted_g
    FROM staged.dispensing AS d
    CROSS JOIN report.period AS p
    WHERE d.wasted_g > 0 AND d.dispensed_on BETWEEN p.from_on AND p.to_on
    UNION ALL
    SELECT
        'dispensing_lot' AS record,
        d.dispensing_key AS record_key,
        d.product_code,
        d.route,
        NULL AS reason,
        l.wasted_g
    FROM staged.dispensing_lot AS l
    INNER JOIN staged.dispensing AS d ON l.dispensing_key = d.dispensing_key
    CROSS JOIN report.period AS p
    WHERE l.wasted_g > 0 AND d.dispensed_on BETWEEN p.from_on AND p.to_on
    UNION ALL
    SELECT
        'infusion_lot' AS record,
        i.infusion_key AS record_key,
        i.product_code,
        i.route,
        NULL AS reason,
        l.wasted_g
    FROM staged.infusion_lot AS l
    INNER JOIN staged.infusion AS i ON l.infusion_key = i.infusion_key
    CROSS JOIN report.period AS p
    WHERE l.wasted_g > 0 AND i.started_on BETWEEN p.from_on AND p.to_on
)

SELECT
    w.record,
    MIN(NULLIF(w.reason, '')) AS reason,
    l.product_id,
    b.brand,
    COUNT(DISTINCT w.record_key) AS n_records,
    SUM(w.wasted_g) AS wasted_g
FROM discarded AS w
INNER JOIN derived.ledger_product AS l
    ON w.product_code = l.product_code AND w.route IS NOT DISTINCT FROM l.route_text
LEFT JOIN guideline.product AS b ON l.product_id = b.product_id
WHERE NOT l.is_set_aside
GROUP BY w.record, NULLIF(LOWER(w.reason), ''), l.product_id, b.brand
