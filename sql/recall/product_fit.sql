-- One row per product code in the records, refused ones included: which product it is, and whether
-- it is the one asked for. A code that names no single product may be any: it stays on the list.
WITH code AS (
    SELECT
        product_code,
        product_id
    FROM derived.product_code
    UNION ALL
    SELECT DISTINCT
        r.product_code,
        a.product_id
    FROM temp.refused_row AS r
    ANTI JOIN derived.product_code AS c ON r.product_code = c.product_code
    LEFT JOIN guideline.product_alias AS a
        ON UPPER(REGEXP_REPLACE(r.product_code, '\s+', ' ', 'g')) = a.alias
    WHERE r.product_code IS NOT NULL
),

wanted AS (
    SELECT DISTINCT c.product_code
    FROM code AS c
    INNER JOIN temp.asked_product AS a
        ON c.product_id = a.product_id OR c.product_code = a.product_code
)

SELECT
    c.product_code,
    CASE
        WHEN p.product_id IS NULL OR p.is_generic THEN c.product_code
        WHEN p.manufacturer IS NULL THEN p.brand
        ELSE p.brand || ' (' || p.manufacturer || ')'
    END AS product,
    (p.is_sc AND NOT p.is_iv AND NOT p.is_im) IS TRUE AS is_only_sc,
    CASE
        WHEN q.product IS NULL THEN 'any'
        WHEN w.product_code IS NOT NULL THEN 'asked'
        WHEN p.product_id IS NULL OR p.is_generic THEN 'unknown'
        ELSE 'other'
    END AS fit
FROM code AS c
CROSS JOIN temp.asked AS q
LEFT JOIN wanted AS w ON c.product_code = w.product_code
LEFT JOIN guideline.product AS p ON c.product_id = p.product_id
