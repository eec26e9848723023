-- One row per product code in the records and route text (NULL: none recorded): the brand the gram
-- ledger counts it as, and whether it stands aside from the ledger of intravenous grams. A class
-- such as "IVIG, product not stated" is no brand: it contradicts none.
WITH recorded_route AS (
    SELECT
        route_text,
        route
    FROM temp.route_text
    UNION ALL
    SELECT
        NULL AS route_text,
        NULL AS route
)

SELECT
    CAST(ROW_NUMBER() OVER (ORDER BY p.product_code, r.route_text) AS SMALLINT)
        AS ledger_product_key,
    p.product_code,
    r.route_text,
    CASE WHEN g.is_generic IS NOT TRUE THEN p.product_id END AS product_id,
    (
        p.kind NOT IN ('ivig', 'scig', 'imig')
        OR NOT p.is_iv
        OR r.route IN ('SC', 'IM')
    ) IS TRUE AS is_set_aside
FROM derived.product_code AS p
CROSS JOIN recorded_route AS r
LEFT JOIN guideline.product AS g ON p.product_id = g.product_id
