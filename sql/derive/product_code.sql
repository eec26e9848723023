-- One row per distinct product code in the records, with the product it means, if any.
-- An NDC is labeler, product and package: 5-4-2 digits after padding, so the first nine name the
-- product. Ten digits without hyphens could be padded three ways and stay unresolved.
WITH recorded AS (
    SELECT product_code
    FROM staged.infusion
    UNION
    SELECT product_code
    FROM staged.dispensing
    UNION
    SELECT product_code
    FROM staged.infusion_lot
    UNION
    SELECT product_code
    FROM staged.dispensing_lot
    UNION
    SELECT product_code
    FROM staged.adverse_event
),

spelt AS (
    SELECT
        product_code,
        UPPER(REGEXP_REPLACE(TRIM(product_code), '\s+', ' ', 'g')) AS code,
        STRING_SPLIT(TRIM(product_code), '-') AS part
    FROM recorded
    WHERE product_code IS NOT NULL
),

numbered AS (
    SELECT
        product_code,
        code,
        CASE
            WHEN REGEXP_FULL_MATCH(code, '\d{11}') THEN code
            WHEN REGEXP_FULL_MATCH(code, '\d{4,5}-\d{3,4}-\d{1,2}')
                THEN LPAD(part[1], 5, '0') || LPAD(part[2], 4, '0') || LPAD(part[3], 2, '0')
            WHEN REGEXP_FULL_MATCH(code, '\d{4,5}-\d{3,4}')
                THEN LPAD(part[1], 5, '0') || LPAD(part[2], 4, '0')
        END AS ndc
    FROM spelt
),

-- A brand followed by strength or size, "BRAND 10 % 5 G VIAL": the longest brand that fits,
-- unless a strength stands there that is not the product's.
branded AS (
    SELECT
        n.product_code,
        ARG_MAX(a.product_id, LENGTH(a.alias)) AS product_id,
        REGEXP_EXTRACT(MAX(n.code), '(\d+(?:\.\d+)?) ?%', 1) AS strength
    FROM numbered AS n
    INNER JOIN guideline.product_alias AS a
        ON STARTS_WITH(n.code, a.alias || ' ')
    WHERE a.alias_kind = 'brand'
    GROUP BY n.product_code
),

strong AS (
    SELECT
        b.product_code,
        b.product_id
    FROM branded AS b
    INNER JOIN guideline.product AS p ON b.product_id = p.product_id
    WHERE
        b.strength = ''
        OR p.concentration_g_per_l = TRY_CAST(b.strength AS DECIMAL(9, 3)) * 10
),

matched AS (
    SELECT
        n.product_code,
        CASE
            WHEN exact.product_id IS NOT NULL THEN exact.product_id
            WHEN package.product_id IS NOT NULL THEN package.product_id
            WHEN labelled.product_id IS NOT NULL THEN labelled.product_id
            ELSE s.product_id
        END AS product_id,
        CASE
            WHEN exact.product_id IS NOT NULL THEN exact.alias_kind
            WHEN package.product_id IS NOT NULL THEN 'ndc11'
            WHEN labelled.product_id IS NOT NULL THEN 'ndc9'
            WHEN s.product_id IS NOT NULL THEN 'brand_text'
        END AS matched_by
    FROM numbered AS n
    LEFT JOIN guideline.product_alias AS exact ON n.code = exact.alias
    LEFT JOIN guideline.product_alias AS package
        ON n.ndc = package.alias AND package.alias_kind = 'ndc11'
    LEFT JOIN guideline.product_alias AS labelled
        ON LEFT(n.ndc, 9) = labelled.alias AND labelled.alias_kind = 'ndc9'
    LEFT JOIN strong AS s ON n.product_code = s.product_code
)

SELECT
    m.product_code,
    m.product_id,
    p.kind,
    p.is_iv,
    p.is_sc,
    p.is_im,
    p.concentration_g_per_l,
    p.vial_step_g,
    m.matched_by
FROM matched AS m
LEFT JOIN guideline.product AS p ON m.product_id = p.product_id
