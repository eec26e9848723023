-- One row per course, weight policy in use and role: the weight a dose is judged by.
-- How a policy's columns are read: docs/architecture.md, guideline.weight_policy. `policy` is the
-- weight of the policy; `low` and `high` bracket a stale one; `alternative` shows the actual, ideal
-- and adjusted weight where a set's policy was not read in its issuer's text.
-- `is_apart`: an alternative that weighs other than the policy does, and so could dispute it.
-- `is_disputable`, `is_bracketed`: of the course under this policy, whether the policy's weight has
-- such an alternative, or both ends, beside it.
-- Never above the actual weight: a formula without a lower guard would raise a lean patient's dose.
WITH sized AS (
    SELECT
        i.course_key,
        i.sex,
        i.ideal_kg,
        i.adjusted_kg,
        i.reason AS fault,
        i.actual_kg,
        i.is_stale,
        t.*,
        (
            i.height_cm >= t.size_min_height_cm
            AND i.actual_kg
            > CASE i.sex WHEN 'M' THEN t.size_over_m_kg WHEN 'F' THEN t.size_over_f_kg END
        ) IS TRUE AS is_large,
        (i.actual_kg * 10000 > t.bmi_over * i.height_cm * i.height_cm) IS TRUE AS is_obese,
        (i.actual_kg > t.ideal_ratio_over * i.formula_kg) IS TRUE AS is_above_ideal,
        (i.height_cm < t.never_below_height_cm) IS TRUE AS is_short
    FROM derived.course_ideal AS i
    INNER JOIN derived.policy_treatment AS t
        ON i.weight_policy = t.weight_policy AND i.population = t.population
),

triggered AS (
    SELECT
        *,
        CASE
            WHEN treatment = 'actual' OR is_short THEN 'actual'
            WHEN treatment = 'ideal' THEN 'ideal'
            WHEN is_large THEN 'adjusted'
            WHEN treatment = 'as_adult_by_size' THEN 'actual'
            WHEN is_obese OR is_above_ideal OR is_always_adjusted THEN 'adjusted'
            ELSE 'actual'
        END AS basis
    FROM sized
),

assessed AS (
    SELECT
        *,
        CASE
            WHEN treatment IN ('policy_not_set', 'no_age') THEN treatment
            WHEN treatment = 'actual' AND actual_kg IS NULL THEN 'no_weight'
            WHEN treatment = 'actual' THEN NULL
            -- an infant has no ideal weight, and needs none where its size alone decides
            WHEN
                fault = 'no_ideal'
                AND basis = 'actual'
                AND (is_short OR ideal_ratio_over IS NULL)
                THEN NULL
            ELSE fault
        END AS reason,
        CASE basis
            WHEN 'actual' THEN actual_kg WHEN 'ideal' THEN ideal_kg ELSE adjusted_kg
        END AS basis_kg,
        IF(reason IS NULL, LEAST(basis_kg, actual_kg), NULL) AS policy_kg,
        is_doubted
        AND (
            actual_kg != policy_kg
            OR LEAST(ideal_kg, actual_kg) != policy_kg
            OR LEAST(adjusted_kg, actual_kg) != policy_kg
            OR policy_kg IS NULL
        ) AS is_disputable
    FROM triggered
),

weighed AS (
    SELECT
        course_key,
        weight_policy,
        'policy' AS part,
        CASE WHEN reason IS NULL THEN basis_kg END AS literal_kg,
        CASE WHEN reason IS NULL THEN basis END AS weight_basis,
        reason,
        actual_kg,
        is_stale,
        NULL AS policy_kg,
        is_disputable IS TRUE AS is_disputable,
        (is_stale AND reason IS NULL) IS TRUE AS is_bracketed
    FROM assessed
    UNION ALL
    SELECT
        a.course_key,
        a.weight_policy,
        'alternative' AS part,
        CASE o.basis
            WHEN 'actual' THEN a.actual_kg WHEN 'ideal' THEN a.ideal_kg ELSE a.adjusted_kg
        END AS literal_kg,
        o.basis AS weight_basis,
        CASE WHEN o.basis = 'actual' AND a.actual_kg IS NOT NULL THEN NULL ELSE a.fault END
            AS reason,
        a.actual_kg,
        FALSE AS is_stale,
        a.policy_kg,
        a.is_disputable IS TRUE AS is_disputable,
        (a.is_stale AND a.reason IS NULL) IS TRUE AS is_bracketed
    FROM assessed AS a
    CROSS JOIN (VALUES ('actual'), ('ideal'), ('adjusted')) AS o (basis)
    WHERE a.is_doubted
),

-- LEAST passes over a NULL, so one without a literal weight must stay without any
capped AS (
    SELECT
        *,
        CASE WHEN literal_kg IS NOT NULL THEN LEAST(literal_kg, actual_kg) END AS weight_kg
    FROM weighed
),

bound AS (
    SELECT
        'low' AS part,
        1 - weight_sensitivity AS factor
    FROM guideline.policy
    UNION ALL
    SELECT
        'high' AS part,
        1 + weight_sensitivity AS factor
    FROM guideline.policy
)

SELECT
    course_key,
    weight_policy,
    part AS role, -- the name other stages know -- noqa: RF04
    weight_kg,
    literal_kg,
    weight_basis,
    reason,
    part = 'alternative' AND (weight_kg = policy_kg) IS NOT TRUE AS is_apart,
    is_disputable,
    is_bracketed
FROM capped
UNION ALL
SELECT
    c.course_key,
    c.weight_policy,
    b.part AS role, -- the name other stages know -- noqa: RF04
    CAST(c.weight_kg * b.factor AS DECIMAL(9, 3)) AS weight_kg,
    c.literal_kg,
    c.weight_basis,
    c.reason,
    FALSE AS is_apart,
    c.is_disputable,
    c.is_bracketed
FROM capped AS c
CROSS JOIN bound AS b
WHERE c.is_stale AND c.weight_kg IS NOT NULL
