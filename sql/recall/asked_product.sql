-- One row per product or recorded product code that the product asked for may mean: an id, a brand
-- or its beginning ("Octagam" is both strengths), an alias, or a code as the records write it.
WITH spelt AS (
    SELECT UPPER(REGEXP_REPLACE(product, '\s+', ' ', 'g')) AS asked
    FROM temp.asked
    WHERE product IS NOT NULL
)

SELECT
    p.product_id,
    NULL AS product_code
FROM guideline.product AS p
INNER JOIN spelt AS s
    ON
        UPPER(p.product_id) = s.asked
        OR UPPER(p.brand) = s.asked
        OR STARTS_WITH(UPPER(p.brand), s.asked || ' ')
UNION
SELECT
    a.product_id,
    NULL AS product_code
FROM guideline.product_alias AS a
INNER JOIN spelt AS s ON a.alias = s.asked
UNION
SELECT
    c.product_id,
    c.product_code
FROM derived.product_code AS c
INNER JOIN spelt AS s
    ON UPPER(REGEXP_REPLACE(TRIM(c.product_code), '\s+', ' ', 'g')) = s.asked
