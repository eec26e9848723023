-- One row per weight policy in use and population (`adult`, `child`, `unknown` age): how it finds
-- the dosing weight. Age unknown only matters where adults and children are treated differently.
WITH named AS (
    SELECT
        weight_policy,
        is_weight_policy_read IS NOT TRUE AS is_unread
    FROM guideline.guideline_set
    UNION ALL
    -- a rule may ask for another weight than its set
    SELECT
        r.weight_policy,
        r.status != 'transcribed' AS is_unread
    FROM guideline.rule AS r
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
    WHERE r.weight_policy != s.weight_policy
),

used AS (
    SELECT
        weight_policy,
        BOOL_OR(is_unread) AS is_unread
    FROM named
    GROUP BY weight_policy
),

chosen AS (
    SELECT
        p.*,
        u.is_unread AND (p.adult_rule != 'actual' OR p.child_rule != 'actual') AS is_doubted,
        p.adult_rule = p.child_rule
        AND (p.adult_rule = 'actual' OR p.ideal_formula = p.child_ideal_formula) AS is_ageless
    FROM used AS u
    INNER JOIN guideline.weight_policy AS p ON u.weight_policy = p.weight_policy
),

treated AS (
    SELECT
        'adult' AS population,
        adult_rule AS treatment,
        ideal_formula AS formula,
        *
    FROM chosen
    UNION ALL
    SELECT
        'child' AS population,
        child_rule AS treatment,
        child_ideal_formula AS formula,
        *
    FROM chosen
    UNION ALL
    SELECT
        'unknown' AS population,
        CASE WHEN is_ageless THEN adult_rule ELSE 'no_age' END AS treatment,
        CASE WHEN ideal_formula = child_ideal_formula THEN ideal_formula END AS formula,
        *
    FROM chosen
)

SELECT
    weight_policy,
    population,
    CASE WHEN has_formula THEN treatment ELSE 'policy_not_set' END AS treatment,
    formula,
    adjust_factor,
    never_below_height_cm,
    size_min_height_cm,
    size_over_m_kg,
    size_over_f_kg,
    bmi_over,
    ideal_ratio_over,
    treatment = 'adjusted'
    AND size_min_height_cm IS NULL AND bmi_over IS NULL AND ideal_ratio_over IS NULL
        AS is_always_adjusted,
    has_formula AND is_doubted AS is_doubted
FROM treated
