-- One row per medication as the actions name it, with whether it is an immune globulin, the code
-- to know its product by, and the grams in a litre of it where those are known.
WITH asked AS (
    SELECT DISTINCT
        medication,
        product_code,
        UPPER(REGEXP_REPLACE(TRIM(medication), '\s+', ' ', 'g')) AS words,
        UPPER(REGEXP_REPLACE(TRIM(product_code), '\s+', ' ', 'g')) AS code,
        LEFT(REPLACE(TRIM(product_code), '-', ''), 9) AS ndc9
    FROM raw.mar_action
),

-- the product code before the words, the longest brand the words begin with last
known AS (
    SELECT
        a.medication,
        a.product_code,
        p.product_id,
        g.concentration_g_per_l
    FROM asked AS a
    INNER JOIN guideline.product_alias AS p
        ON
            a.code = p.alias
            OR (a.ndc9 = p.alias AND p.alias_kind = 'ndc9')
            OR a.words = p.alias
            OR (STARTS_WITH(a.words, p.alias || ' ') AND p.alias_kind = 'brand')
    INNER JOIN guideline.product AS g ON p.product_id = g.product_id
    QUALIFY
        ROW_NUMBER() OVER (
            PARTITION BY a.medication, a.product_code
            ORDER BY
                CASE
                    WHEN a.code = p.alias THEN 1
                    WHEN p.alias_kind = 'ndc9' THEN 2
                    WHEN a.words = p.alias THEN 3
                    ELSE 4
                END,
                LENGTH(p.alias) DESC,
                p.alias
        ) = 1
)

SELECT
    a.medication,
    a.product_code,
    COALESCE(a.product_code, a.medication) AS code,
    k.concentration_g_per_l,
    k.product_id IS NOT NULL
    OR (
        REGEXP_MATCHES(
            LOWER(a.medication),
            'immun(e|o) ?globulin|gamma ?globulin|\bivig\b|\bigiv\b|\bscig\b'
        )
        -- raised in animals, or against globulins
        AND NOT REGEXP_MATCHES(
            LOWER(a.medication), 'thymo|lymphocyte|\bfab\b|antiveni|equine|rabbit'
        )
    ) IS TRUE AS is_globulin
FROM asked AS a
LEFT JOIN known AS k
    ON a.medication = k.medication AND a.product_code IS NOT DISTINCT FROM k.product_code
