-- One row per regimen rule of the first set and closed course begun in the period that it answered:
-- what was given, and the weights the most may be reckoned by. A stale weight is taken at its upper
-- end, and a policy nobody read gives way to the heaviest of its weights (`lenient_kg`): what is
-- called avoidable then is so whatever the weight was.
-- The dose is rounded as the set's rule on rounding says, where that speaks of the patient, else as
-- the word of the set; a set without a word, or whose rule is for others, rounds up to whole vials,
-- day by day. A dose to be rounded down is reckoned from a weight rounded to 0.1 kg: an ideal
-- weight of 74.99 kg is not to cost a vial. A working table.
WITH stated AS (
    SELECT
        r.set_key,
        r.age_min_years,
        r.age_max_years,
        x.step_g,
        x.small_below_g,
        x.small_step_g
    FROM guideline.rounding_rule AS x
    INNER JOIN guideline.rule AS r ON x.rule_key = r.rule_key
    QUALIFY ROW_NUMBER() OVER (PARTITION BY r.set_key ORDER BY r.rule_key) = 1
),

answered AS (
    SELECT
        v.rule_key,
        v.course_key,
        v.status,
        v.reason,
        v.cap,
        v.is_countable,
        v.regimen_key,
        r.weight_policy,
        g.set_key,
        g.rounding AS word,
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
        CAST(COALESCE(c.vial_step_g, p.default_vial_step_g) AS DECIMAL(9, 3)) AS vial_step_g,
        t.small_below_g,
        t.small_step_g,
        t.step_g AS stated_step_g,
        CASE
            WHEN a.word = 'none' THEN 'up'
            -- a rule for adults says nothing of a child, nor of somebody whose age is not known
            WHEN
                (c.age_years < t.age_min_years) IS NOT FALSE AND t.age_min_years IS NOT NULL
                OR (c.age_years >= t.age_max_years) IS NOT FALSE AND t.age_max_years IS NOT NULL
                THEN 'up'
            WHEN a.word = 'round_down_vial' THEN 'down'
            ELSE 'nearest'
        END AS rounding,
        p.month_days,
        p.implausible_dose_ratio,
        d.weight_basis,
        -- what lacks where the most cannot be reckoned: a weight, or the interval of a monthly dose
        CASE
            WHEN d.weight_kg IS NULL THEN COALESCE(d.reason, 'no_weight')
            WHEN c.interval_status = 'first' THEN 'first_course'
            ELSE COALESCE(c.interval_status, 'unknown_between')
        END AS gap,
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
    LEFT JOIN stated AS t ON a.set_key = t.set_key
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
        rounding = 'down' AS is_rounded_down,
        CAST(
            CASE
                WHEN rounding = 'up' THEN vial_step_g * n_days
                WHEN stated_step_g IS NOT NULL THEN stated_step_g
                -- the word carries its number
                WHEN word = 'nearest_5g' THEN 5
                ELSE vial_step_g
            END AS DECIMAL(9, 3)
        ) AS round_g,
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
