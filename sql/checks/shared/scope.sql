-- One row per rule and pair of indication and product found in the records that it could judge,
-- and per kind and published set one row without a rule where the indication is unknown.
-- `product_fit`: `fits`, `other` (the rule speaks of other products only) or `unknown` (the rule
-- speaks of some products, and the records do not name one).
-- `is_versioned`: not dates alone, audit.course_version says for which courses it is in force.
-- A rule for `any` covers every indication found in the records, the unknown one too.
WITH seen AS (
    SELECT DISTINCT
        c.indication_code,
        c.product_id,
        -- several products in a course, or a class of them, name none
        c.product_id IS NULL OR p.is_generic IS TRUE AS is_product_unknown
    FROM derived.course AS c
    LEFT JOIN guideline.product AS p ON c.product_id = p.product_id
),

covered AS (
    SELECT
        i.rule_key,
        s.indication_code,
        s.product_id,
        s.is_product_unknown
    FROM guideline.rule_indication AS i
    INNER JOIN seen AS s ON i.indication_code IN (s.indication_code, 'any')
    GROUP BY ALL
),

superseded AS (
    SELECT DISTINCT supersedes AS rule_id
    FROM guideline.rule
    WHERE supersedes IS NOT NULL
),

rule AS (
    SELECT
        r.rule_key,
        r.set_key,
        r.kind,
        r.age_min_years,
        r.age_max_years,
        r.sex,
        r.valid_from,
        r.valid_to,
        r.has_products,
        CASE
            WHEN r.phase IN ('loading', 'induction') THEN 'loading'
            WHEN r.phase IN ('maintenance', 'repeat') THEN 'maintenance'
        END AS course_phase,
        s.is_house,
        r.applies_to != 'all' OR r.supersedes IS NOT NULL OR o.rule_id IS NOT NULL AS is_versioned
    FROM guideline.rule AS r
    LEFT JOIN superseded AS o ON r.rule_id = o.rule_id
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
),

choosing AS (
    SELECT DISTINCT
        r.set_key,
        r.kind,
        r.is_house
    FROM rule AS r
    INNER JOIN guideline.rule_indication AS i ON r.rule_key = i.rule_key
    WHERE i.indication_code != 'any' AND NOT r.is_house
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    r.rule_key,
    r.set_key,
    r.kind,
    r.is_house,
    c.indication_code,
    c.product_id,
    CASE
        WHEN NOT r.has_products OR p.rule_key IS NOT NULL THEN 'fits'
        WHEN c.is_product_unknown THEN 'unknown'
        ELSE 'other'
    END AS product_fit,
    r.age_min_years,
    r.age_max_years,
    r.sex,
    r.valid_from,
    r.valid_to,
    r.course_phase,
    r.is_versioned
FROM rule AS r
INNER JOIN covered AS c ON r.rule_key = c.rule_key
LEFT JOIN guideline.rule_product AS p
    ON r.rule_key = p.rule_key AND c.product_id = p.product_id
UNION ALL BY NAME
SELECT
    r.set_key,
    r.kind,
    r.is_house,
    s.product_id,
    'fits' AS product_fit,
    FALSE AS is_versioned
FROM choosing AS r
INNER JOIN seen AS s ON s.indication_code IS NULL
