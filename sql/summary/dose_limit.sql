-- One row per verdict of the first set on the dose of a closed course, and permitted way to dose it
-- was judged by: the limit in grams per kg and in grams, the floor, and the weights and the step
-- they are reckoned and rounded by.
-- A day is not held against a course: grams a day times the days they may be given for. An interval
-- shorter than permitted takes no grams away: that is no matter of weight.
-- A policy nobody read gives way to the heaviest of its weights (`lenient_kg`): what is called
-- avoidable then is so whatever the weight was.
-- The dose is rounded as the set's rule on rounding says, where that speaks of the patient, else as
-- the word of the set; a set without a word, or whose rule is for others, rounds up to whole vials,
-- day by day. A dose to be rounded down is reckoned from a weight rounded to 0.1 kg: an ideal
-- weight of 74.99 kg is not to cost a vial. A working view.
WITH way AS (
    SELECT
        *,
        COALESCE(treatment_min_months, treatment_max_months) IS NOT NULL AS is_step,
        COALESCE(repeat_min_days, repeat_max_days) IS NOT NULL AS has_repeat,
        COALESCE(
            total_max_g_per_kg, day_max_g_per_kg, day_cap_g, month_max_g_per_kg, max_g_per_kg_28d,
            course_cap_g
        ) IS NOT NULL AS is_limited,
        -- days without a number: as many as were given, where nothing else limits the course
        COALESCE(total_max_g_per_kg, month_max_g_per_kg, max_g_per_kg_28d, course_cap_g) IS NULL
            AS is_by_day_alone
    FROM guideline.regimen
),

stated AS (
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

ruling AS (
    SELECT
        r.rule_key,
        r.weight_policy,
        g.rounding AS word,
        CASE
            WHEN r.weight_policy = g.weight_policy THEN g.is_weight_policy_read
            -- a rule that names its own weight was read where that is said
            ELSE r.status = 'transcribed'
        END AS is_policy_read,
        t.age_min_years,
        t.age_max_years,
        t.step_g AS stated_step_g,
        t.small_below_g,
        t.small_step_g
    FROM temp.first_set AS f
    INNER JOIN guideline.guideline_set AS g ON f.set_key = g.set_key
    LEFT JOIN stated AS t ON f.set_key = t.set_key
    CROSS JOIN guideline.rule AS r
),

-- few rules have a repeat: their courses first, or every session would be joined to its course
repeatable AS MATERIALIZED (
    SELECT
        g.regimen_key,
        g.repeat_min_days,
        g.repeat_max_days,
        a.course_key
    FROM temp.dose_asked AS a
    INNER JOIN way AS g ON a.rule_key = g.rule_key
    WHERE g.has_repeat
),

repeated AS (
    -- dates cannot tell hours: half a day is given to either end
    SELECT DISTINCT
        r.regimen_key,
        c.course_key
    FROM repeatable AS r
    INNER JOIN temp.dose_course AS c ON r.course_key = c.course_key
    INNER JOIN derived.session AS s ON r.course_key = s.course_key
    WHERE
        s.started_on > c.started_on
        AND (s.started_on - c.started_on < FLOOR(r.repeat_min_days)) IS NOT TRUE
        AND (s.started_on - c.started_on > CEIL(r.repeat_max_days)) IS NOT TRUE
),

asked AS (
    SELECT
        a.rule_key,
        a.status,
        a.reason,
        a.cap,
        a.is_countable,
        a.regimen_key,
        r.word,
        r.is_policy_read,
        r.stated_step_g,
        r.small_below_g,
        r.small_step_g,
        c.course_key,
        c.n_days,
        IF(c.interval_status = 'known', c.interval_days, NULL) AS interval_days,
        CAST(COALESCE(c.vial_step_g, p.default_vial_step_g) AS DECIMAL(9, 3)) AS vial_step_g,
        p.month_days,
        CASE
            WHEN r.word = 'none' THEN 'up'
            -- a rule for adults says nothing of a child, nor of somebody whose age is not known
            WHEN
                (c.age_years < r.age_min_years) IS NOT FALSE AND r.age_min_years IS NOT NULL
                OR (c.age_years >= r.age_max_years) IS NOT FALSE AND r.age_max_years IS NOT NULL
                THEN 'up'
            WHEN r.word = 'round_down_vial' THEN 'down'
            ELSE 'nearest'
        END AS rounding,
        -- what lacks where the most cannot be reckoned: a weight, or the interval of a monthly dose
        CASE
            WHEN c.policy_kg IS NULL THEN COALESCE(c.weight_reason, 'no_weight')
            WHEN c.interval_status = 'first' THEN 'first_course'
            ELSE COALESCE(c.interval_status, 'unknown_between')
        END AS gap,
        c.policy_kg,
        IF(rounding = 'down', CAST(ROUND(c.upper_kg, 1) AS DECIMAL(9, 3)), c.upper_kg) AS upper_kg,
        IF(r.is_policy_read OR c.upper_kg IS NULL, c.upper_kg, GREATEST(c.upper_kg, c.heaviest_kg))
            AS best_kg,
        IF(rounding = 'down', CAST(ROUND(best_kg, 1) AS DECIMAL(9, 3)), best_kg) AS lenient_kg,
        c.actual_kg,
        c.ideal_kg,
        c.adjusted_kg
    FROM temp.dose_asked AS a
    CROSS JOIN guideline.policy AS p
    LEFT JOIN ruling AS r ON a.rule_key = r.rule_key
    INNER JOIN temp.dose_course AS c
        ON
            a.course_key = c.course_key
            AND IF(r.weight_policy IS NULL, c.is_own, r.weight_policy = c.weight_policy)
)

-- A limit is grams per kg or grams: the least of each, so that only these two meet the weight.
-- A cap without a floor is no floor.
SELECT
    a.*,
    g.is_limited,
    p.course_key IS NOT NULL AS is_repeated,
    COALESCE(g.days_max, IF(g.is_by_day_alone, a.n_days, NULL)) AS n_days_allowed,
    GREATEST(a.interval_days, g.interval_max_days) / a.month_days AS n_months,
    LEAST(
        CAST(g.total_max_g_per_kg AS DECIMAL(9, 4)),
        CAST(g.day_max_g_per_kg * n_days_allowed AS DECIMAL(9, 4)),
        CAST(g.month_max_g_per_kg * n_months AS DECIMAL(9, 4)),
        CAST(g.max_g_per_kg_28d AS DECIMAL(9, 4))
    ) AS most_g_per_kg,
    CAST(LEAST(g.day_cap_g * n_days_allowed, g.course_cap_g) AS DECIMAL(9, 3)) AS cap_g,
    COALESCE(
        CAST(g.total_min_g_per_kg AS DECIMAL(9, 4)),
        CAST(g.day_min_g_per_kg * COALESCE(g.days_min, 1) AS DECIMAL(9, 4)),
        CAST(g.month_min_g_per_kg * n_months AS DECIMAL(9, 4))
    ) AS floor_g_per_kg,
    CAST(
        LEAST(
            g.day_cap_g
            * IF(
                g.total_min_g_per_kg IS NULL AND g.day_min_g_per_kg IS NOT NULL,
                COALESCE(g.days_min, 1),
                g.days_max
            ),
            g.course_cap_g
        ) AS DECIMAL(9, 3)
    ) AS floor_cap_g,
    g.repeat_g_per_kg,
    CAST(
        CASE
            WHEN a.rounding = 'up' THEN a.vial_step_g * a.n_days
            WHEN a.stated_step_g IS NOT NULL THEN a.stated_step_g
            -- the word carries its number
            WHEN a.word = 'nearest_5g' THEN 5
            ELSE a.vial_step_g
        END AS DECIMAL(9, 3)
    ) AS round_g
FROM asked AS a
LEFT JOIN way AS g
    ON
        a.rule_key = g.rule_key
        AND a.status IN ('met', 'breached')
        AND (NOT g.is_step OR a.regimen_key = g.regimen_key)
LEFT JOIN repeated AS p ON g.regimen_key = p.regimen_key AND a.course_key = p.course_key
