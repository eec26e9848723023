-- One row per regimen rule of the first set and closed course begun in the period that it answered:
-- what was given, and the weights the most may be reckoned by. A stale weight is taken at its upper
-- end, and a policy nobody read gives way to the heaviest of its weights (`lenient_kg`): what is
-- called avoidable then is so whatever the weight was.
-- A dose to be rounded down is reckoned from a weight rounded to 0.1 kg: an ideal weight of
-- 74.99 kg is not to cost a vial.
-- A working table.
WITH answered AS (
    SELECT
        v.rule_key,
        v.course_key,
        v.status,
        v.reason,
        v.cap,
        v.is_countable,
        v.regimen_key,
        r.weight_policy,
        g.rounding,
        g.rounding = 'round_down_vial' AS is_rounded_down,
        CASE
            WHEN r.weight_policy = g.weight_policy THEN g.is_weight_policy_read
            -- a rule that names its own weight was read where that is said
            ELSE r.status = 'transcribed'
        END AS is_policy_read
    FROM audit.verdict AS v
    INNER JOIN temp.first_set AS f ON v.set_key = f.set_key
    INNER JOIN guideline.guideline_set AS g ON v.set_key = g.set_key
    LEFT JOIN guideline.rule AS r ON v.rule_key = r.rule_key
    WHERE v.kind = 'regimen' AND v.subject_kind = 'course'
),

weighed AS (
    SELECT
        a.*,
        c.dose_g,
        c.n_days,
        c.started_on,
        c.interval_status,
        c.interval_days,
        COALESCE(c.vial_step_g, p.default_vial_step_g) AS step_g,
        p.month_days,
        p.implausible_dose_ratio,
        d.weight_basis,
        COALESCE(d.reason, 'no_weight') AS weight_reason,
        d.weight_kg AS policy_kg,
        CAST(d.weight_kg * IF(w.is_stale, 1 + p.weight_sensitivity, 1) AS DECIMAL(9, 3))
            AS upper_kg,
        CAST(w.actual_kg * IF(w.is_stale, 1 + p.weight_sensitivity, 1) AS DECIMAL(9, 3))
            AS heaviest_kg,
        w.actual_kg,
        IF(i.ideal_kg IS NULL, NULL, LEAST(i.ideal_kg, w.actual_kg)) AS ideal_kg,
        IF(i.adjusted_kg IS NULL, NULL, LEAST(i.adjusted_kg, w.actual_kg)) AS adjusted_kg
    FROM answered AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    CROSS JOIN report.period AS q
    CROSS JOIN guideline.policy AS p
    LEFT JOIN derived.course_weight AS w ON a.course_key = w.course_key
    LEFT JOIN derived.dosing_weight AS d
        ON
            a.course_key = d.course_key
            AND a.weight_policy = d.weight_policy
            AND d.role = 'policy'
    LEFT JOIN derived.course_ideal AS i
        ON a.course_key = i.course_key AND a.weight_policy = i.weight_policy
    WHERE
        NOT c.is_open
        AND c.started_on >= q.from_on
        AND c.started_on <= q.to_on
),

chosen AS (
    SELECT
        *,
        IF(is_policy_read OR upper_kg IS NULL, upper_kg, GREATEST(upper_kg, heaviest_kg))
            AS best_kg
    FROM weighed
)

SELECT
    * EXCLUDE (heaviest_kg, best_kg) REPLACE (
        IF(is_rounded_down, CAST(ROUND(upper_kg, 1) AS DECIMAL(9, 3)), upper_kg) AS upper_kg
    ),
    IF(is_rounded_down, CAST(ROUND(best_kg, 1) AS DECIMAL(9, 3)), best_kg) AS lenient_kg
FROM chosen
