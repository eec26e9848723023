-- One row per precaution rule and course that it asks about: of a product that holds what the rule
-- speaks of, or any course where the rule speaks of any immunoglobulin. A product whose contents
-- nobody read is a question only for patients whose records show a risk of the rule (`is_unread`).
WITH word AS (
    SELECT DISTINCT product_contains
    FROM guideline.precaution
    WHERE product_contains IS NOT NULL
),

content AS (
    SELECT
        p.product_id,
        w.product_contains,
        CASE WHEN p.contains IS NULL THEN 'unread' ELSE 'held' END AS holding
    FROM guideline.product AS p
    CROSS JOIN word AS w
    WHERE p.contains IS NULL OR LIST_CONTAINS(STRING_SPLIT(p.contains, ' '), w.product_contains)
),

held AS (
    SELECT
        i.course_key,
        k.product_contains,
        MIN(k.holding) AS holding
    FROM derived.infusion AS i
    INNER JOIN content AS k ON i.product_id = k.product_id
    WHERE i.course_key IS NOT NULL
    GROUP BY i.course_key, k.product_contains
),

at_risk AS (
    SELECT DISTINCT
        r.rule_key,
        k.patient_key
    FROM guideline.precaution_risk AS r
    INNER JOIN derived.patient_risk AS k ON r.risk_factor = k.risk_factor
)

SELECT
    a.rule_key,
    a.set_key,
    a.reason,
    a.course_key,
    a.patient_key,
    p.product_contains,
    (h.holding = 'unread') IS TRUE AS is_unread
FROM audit.applicable AS a
INNER JOIN guideline.precaution AS p ON a.rule_key = p.rule_key
LEFT JOIN held AS h
    ON a.course_key = h.course_key AND p.product_contains = h.product_contains
LEFT JOIN at_risk AS k ON a.rule_key = k.rule_key AND a.patient_key = k.patient_key
WHERE
    a.kind = 'precaution'
    AND (p.product_contains IS NULL OR h.holding = 'held' OR k.patient_key IS NOT NULL)
    AND (p.product_contains IS NULL OR h.holding IS NOT NULL)
