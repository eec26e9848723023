-- One row per closed course begun in the period: the grams given, the most the first set allows by
-- each weight, and what is avoidable under the set's own weight and rounding. Where several rules
-- judge a course the most lenient counts, and the course counts once.
-- `state`: `reckoned` (held against a limit); `nought` (nothing is avoidable, for a `reason`:
-- `policy_not_read`, another weight would allow it and nobody read which one the set asks for, on
-- which `disputed_g` hang; `no_upper_limit`); `unknown` and `no_rule`: NULL grams, which are never
-- added up as nought.
-- `same_*_g`: the grams, had the same grams per kg been ordered by that weight.
WITH judged AS (
    SELECT
        a.course_key,
        -- the rule that allows most, of equals the first
        MAX(
            {
                'lenient_g': m.lenient_g,
                'place': -a.rule_key,
                'is_countable': a.is_countable
            }
        ) FILTER (WHERE m.lenient_g IS NOT NULL) AS most,
        MAX(m.allowed_g) AS allowed_g,
        MAX(m.most_policy_g) AS most_policy_g,
        MAX(m.most_actual_g) AS most_actual_g,
        MAX(m.most_ideal_g) AS most_ideal_g,
        MAX(m.most_adjusted_g) AS most_adjusted_g,
        BOOL_OR(NOT m.is_limited) IS TRUE AS is_unlimited,
        MIN(a.rule_key) FILTER (WHERE NOT m.is_limited) AS unlimited_rule_key,
        BOOL_OR(a.cap = 'weight_contradicted') IS TRUE AS is_contradicted,
        MAX(a.implausible_dose_ratio) AS implausible_dose_ratio,
        MIN(a.gap) FILTER (WHERE m.is_unknown) AS gap,
        CAST(MIN(a.reason) FILTER (WHERE a.status = 'not_assessable') AS VARCHAR) AS doubt,
        CAST(MIN(a.reason) FILTER (WHERE a.status = 'not_applicable') AS VARCHAR) AS silence
    FROM temp.dose_asked AS a
    LEFT JOIN temp.dose_most AS m ON a.rule_key = m.rule_key AND a.course_key = m.course_key
    GROUP BY a.course_key
),

-- which weight the bags say they were ordered by; where they do not say, the actual one
ordered AS (
    SELECT
        d.course_key,
        IF(MIN(s.weight_basis) = MAX(s.weight_basis), MIN(s.weight_basis), 'unknown')
            AS order_basis
    FROM derived.infusion AS d
    INNER JOIN staged.infusion AS s ON d.infusion_key = s.infusion_key
    WHERE d.record = 'infusion' AND s.weight_basis IN ('actual', 'ideal', 'adjusted')
    GROUP BY d.course_key
),

own_policy AS (
    SELECT g.weight_policy
    FROM guideline.guideline_set AS g
    INNER JOIN temp.first_set AS f ON g.set_key = f.set_key
),

own_weight AS (
    SELECT
        d.course_key,
        d.weight_kg
    FROM derived.dosing_weight AS d
    SEMI JOIN own_policy AS o ON d.weight_policy = o.weight_policy
    WHERE d.role = 'policy' AND d.weight_kg IS NOT NULL
),

own_ideal AS (
    SELECT
        i.course_key,
        i.ideal_kg,
        i.adjusted_kg
    FROM derived.course_ideal AS i
    SEMI JOIN own_policy AS o ON i.weight_policy = o.weight_policy
    WHERE i.ideal_kg IS NOT NULL
),

weighed AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.indication_code,
        c.dose_g,
        c.is_dose_uncertain,
        COALESCE(o.order_basis, 'actual') AS order_basis,
        d.weight_kg AS policy_kg,
        w.actual_kg,
        IF(i.ideal_kg IS NULL, NULL, LEAST(i.ideal_kg, w.actual_kg)) AS ideal_kg,
        IF(i.adjusted_kg IS NULL, NULL, LEAST(i.adjusted_kg, w.actual_kg)) AS adjusted_kg
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    LEFT JOIN ordered AS o ON c.course_key = o.course_key
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    LEFT JOIN own_ideal AS i ON c.course_key = i.course_key
    LEFT JOIN own_weight AS d ON c.course_key = d.course_key
    WHERE
        NOT c.is_open
        AND c.started_on >= p.from_on
        AND c.started_on <= p.to_on
),

reckoned AS (
    SELECT
        w.*,
        j.most.lenient_g,
        COALESCE(-j.most.place, j.unlimited_rule_key) AS rule_key,
        j.most.is_countable,
        j.allowed_g,
        j.most_policy_g,
        j.most_actual_g,
        j.most_ideal_g,
        j.most_adjusted_g,
        j.course_key IS NULL
        OR (j.most IS NULL AND NOT j.is_unlimited AND COALESCE(j.doubt, j.gap) IS NULL)
            AS has_no_rule,
        CASE w.order_basis
            WHEN 'actual' THEN w.actual_kg
            WHEN 'ideal' THEN w.ideal_kg
            WHEN 'adjusted' THEN w.adjusted_kg
        END AS order_kg,
        CASE
            WHEN j.course_key IS NULL THEN 'set_has_no_rule'
            WHEN j.most IS NULL AND NOT j.is_unlimited
                THEN COALESCE(j.doubt, j.gap, j.silence, 'set_has_no_rule')
            WHEN w.dose_g IS NULL THEN IF(w.is_dose_uncertain, 'dose_uncertain', 'no_dose')
            WHEN w.dose_g <= j.allowed_g THEN NULL
            WHEN j.is_unlimited THEN 'no_upper_limit'
            -- a rule that could not be judged, or a way not reckoned, might have allowed it
            WHEN COALESCE(j.doubt, j.gap) IS NOT NULL THEN COALESCE(j.doubt, j.gap)
            WHEN j.is_contradicted THEN 'weight_contradicted'
            WHEN w.dose_g > j.most.lenient_g * j.implausible_dose_ratio THEN 'dose_implausible'
            WHEN w.dose_g <= j.most.lenient_g THEN 'policy_not_read'
        END AS reason
    FROM weighed AS w
    LEFT JOIN judged AS j ON w.course_key = j.course_key
)

SELECT
    course_key,
    patient_key,
    indication_code,
    dose_g,
    rule_key,
    is_countable,
    most_policy_g,
    most_actual_g,
    most_ideal_g,
    most_adjusted_g,
    allowed_g,
    CASE
        WHEN reason IN ('policy_not_read', 'no_upper_limit') THEN 0
        WHEN reason IS NULL THEN CAST(GREATEST(dose_g - lenient_g, 0) AS DECIMAL(12, 3))
    END AS avoidable_g,
    CASE
        WHEN reason = 'no_upper_limit' THEN 0
        WHEN reason IS NULL OR reason = 'policy_not_read'
            THEN CAST(GREATEST(LEAST(dose_g, lenient_g) - allowed_g, 0) AS DECIMAL(12, 3))
    END AS disputed_g,
    CASE
        WHEN has_no_rule THEN 'no_rule'
        WHEN reason IS NULL THEN 'reckoned'
        WHEN reason IN ('policy_not_read', 'no_upper_limit') THEN 'nought'
        ELSE 'unknown'
    END AS state,
    reason,
    order_basis,
    CAST(dose_g * policy_kg / order_kg AS DECIMAL(12, 3)) AS same_policy_g,
    CAST(dose_g * actual_kg / order_kg AS DECIMAL(12, 3)) AS same_actual_g,
    CAST(dose_g * ideal_kg / order_kg AS DECIMAL(12, 3)) AS same_ideal_g,
    CAST(dose_g * adjusted_kg / order_kg AS DECIMAL(12, 3)) AS same_adjusted_g
FROM reckoned
