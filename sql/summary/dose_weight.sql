-- One row per closed course begun in the period: the grams given, the most the first set allows by
-- each weight, and what is avoidable under the set's own weight and rounding. Where several rules
-- judge a course the most lenient counts, and the course counts once.
-- `state`: `reckoned` (held against a limit); `nought` (nothing is avoidable, for a `reason`:
-- `policy_not_read`, another weight would allow it and nobody read which one the set asks for, on
-- which `disputed_g` hang; `no_upper_limit`); `unknown` and `no_rule`: NULL grams, which are never
-- added up as nought.
-- `same_*_g`: the grams, had the same grams per kg been ordered by that weight.
-- `order_basis`: which weight the bags say they were ordered by; where they do not, the actual one.
WITH ordered AS (
    SELECT
        d.course_key,
        IF(MIN(s.weight_basis) = MAX(s.weight_basis), MIN(s.weight_basis), 'unknown')
            AS order_basis
    FROM derived.infusion AS d
    INNER JOIN staged.infusion AS s ON d.infusion_key = s.infusion_key
    WHERE d.record = 'infusion' AND s.weight_basis IN ('actual', 'ideal', 'adjusted')
    GROUP BY d.course_key
),

reckoned AS (
    SELECT
        w.*,
        COALESCE(o.order_basis, 'actual') AS order_basis,
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
        CASE o.order_basis
            WHEN 'actual' THEN w.actual_kg
            WHEN 'ideal' THEN w.ideal_kg
            WHEN 'adjusted' THEN w.adjusted_kg
            WHEN 'unknown' THEN NULL
            ELSE w.actual_kg
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
            WHEN j.is_charted_twice THEN 'bag_charted_twice'
            WHEN w.dose_g > j.most.lenient_g * p.implausible_dose_ratio THEN 'dose_implausible'
            WHEN w.dose_g <= j.most.lenient_g THEN 'policy_not_read'
        END AS reason
    FROM temp.dose_course AS w
    CROSS JOIN guideline.policy AS p
    LEFT JOIN temp.dose_most AS j ON w.course_key = j.course_key
    LEFT JOIN ordered AS o ON w.course_key = o.course_key
    WHERE w.is_own
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
