-- One row per course and weight policy in use: its ideal and adjusted weight by the policy's own
-- formula, whether or not the policy asks for them here, or the reason there are none.
-- As the formula gives them: they may lie above the actual weight.
WITH formula AS (
    SELECT
        ideal_formula,
        sex,
        shape,
        base_kg,
        slope_kg,
        origin_height_cm,
        unit_cm,
        exponent_per_cm
    FROM guideline.ideal_weight
    UNION ALL
    -- a formula that is the same for men and women needs no sex
    SELECT
        ideal_formula,
        'U' AS sex,
        shape,
        base_kg,
        slope_kg,
        origin_height_cm,
        unit_cm,
        exponent_per_cm
    FROM guideline.ideal_weight
    WHERE sex IN ('M', 'F')
    GROUP BY ALL
    HAVING COUNT(*) = 2
),

candidate AS (
    SELECT
        w.course_key,
        t.weight_policy,
        t.population,
        w.actual_kg,
        w.is_stale,
        w.height_cm,
        t.formula,
        t.adjust_factor,
        t.size_min_height_cm,
        CASE WHEN c.sex IN ('M', 'F') THEN c.sex ELSE 'U' END AS sex
    FROM derived.course_weight AS w
    INNER JOIN derived.course AS c ON w.course_key = c.course_key
    CROSS JOIN guideline.policy AS ours
    INNER JOIN derived.policy_treatment AS t
        ON t.population = CASE
            WHEN c.age_years IS NULL THEN 'unknown'
            WHEN c.age_years < ours.adult_years THEN 'child'
            ELSE 'adult'
        END
),

idealised AS (
    SELECT
        c.*,
        f.shape IS NOT NULL
        AND (c.sex IN ('M', 'F') OR c.size_min_height_cm IS NULL) AS is_sex_known,
        TRY_CAST(
            CASE f.shape
                WHEN 'linear'
                    THEN f.base_kg + f.slope_kg * (c.height_cm - f.origin_height_cm) / f.unit_cm
                WHEN 'exponential' THEN f.base_kg * EXP(f.exponent_per_cm * c.height_cm)
            END AS DECIMAL(9, 3)
        ) AS formula_kg
    FROM candidate AS c
    LEFT JOIN formula AS f ON c.formula = f.ideal_formula AND c.sex = f.sex
)

SELECT
    course_key,
    weight_policy,
    population,
    sex,
    actual_kg,
    is_stale,
    height_cm,
    formula_kg,
    CASE WHEN formula_kg > 0 THEN formula_kg END AS ideal_kg,
    CASE
        WHEN formula_kg > 0
            THEN CAST(formula_kg + adjust_factor * (actual_kg - formula_kg) AS DECIMAL(9, 3))
    END AS adjusted_kg,
    CASE
        WHEN actual_kg IS NULL THEN 'no_weight'
        WHEN height_cm IS NULL THEN 'no_height'
        WHEN NOT is_sex_known THEN 'no_sex'
        WHEN (formula_kg > 0) IS NOT TRUE THEN 'no_ideal'
    END AS reason
FROM idealised
