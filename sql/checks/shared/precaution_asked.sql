-- One row per precaution rule and course that it asks about: of a product that holds what the rule
-- speaks of, or any course where the rule speaks of any immunoglobulin. A product whose contents
-- nobody read is a question only for patients whose records show a risk of the rule (`is_unread`).
-- `is_loud`: a record shows one of its risks, or the rule asks for more than records can show.
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

wordy AS (
    -- rules with alternatives, ages or body mass
    SELECT DISTINCT r.rule_key
    FROM guideline.precaution_risk AS r
    INNER JOIN audit.risk_sign AS s ON r.risk_factor = s.risk_factor
    WHERE r.is_alternative OR s.is_age OR s.is_body_mass
),

at_risk AS (
    SELECT DISTINCT
        r.rule_key,
        k.patient_key
    FROM guideline.precaution_risk AS r
    INNER JOIN derived.patient_risk AS k ON r.risk_factor = k.risk_factor
),

held_by_rule AS (
    SELECT
        p.rule_key,
        p.product_contains,
        h.course_key,
        h.holding
    FROM guideline.precaution AS p
    INNER JOIN held AS h ON p.product_contains = h.product_contains
),

asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key,
        a.patient_key,
        NULL AS product_contains,
        FALSE AS is_unread
    FROM audit.applicable AS a
    INNER JOIN guideline.precaution AS p ON a.rule_key = p.rule_key
    WHERE a.kind = 'precaution' AND p.product_contains IS NULL
    UNION ALL
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key,
        a.patient_key,
        h.product_contains,
        h.holding = 'unread' AS is_unread
    FROM audit.applicable AS a
    INNER JOIN held_by_rule AS h ON a.rule_key = h.rule_key AND a.course_key = h.course_key
    WHERE a.kind = 'precaution'
)

SELECT
    a.rule_key,
    a.set_key,
    a.reason,
    a.course_key,
    a.patient_key,
    c.started_on,
    c.age_years,
    c.site_id,
    a.product_contains,
    a.is_unread,
    k.patient_key IS NOT NULL OR w.rule_key IS NOT NULL AS is_loud
FROM asked AS a
INNER JOIN derived.course AS c ON a.course_key = c.course_key
LEFT JOIN wordy AS w ON a.rule_key = w.rule_key
LEFT JOIN at_risk AS k ON a.rule_key = k.rule_key AND a.patient_key = k.patient_key
WHERE NOT a.is_unread OR k.patient_key IS NOT NULL
