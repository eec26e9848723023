-- One row per permitted way to dose, with what its rule says as a whole: how its courses may be
-- read, which weight it asks for, and what its set tolerates.
WITH own AS (
    SELECT
        *,
        COALESCE(repeat_min_days, repeat_max_days) IS NOT NULL AS has_repeat,
        COALESCE(interval_min_days, interval_max_days, month_min_g_per_kg, month_max_g_per_kg)
        IS NOT NULL AS has_interval,
        COALESCE(treatment_min_months, treatment_max_months) IS NOT NULL AS is_step,
        -- dates cannot tell hours: half a day is given to either end
        CAST(FLOOR(repeat_min_days) AS INTEGER) AS repeat_from_days,
        CAST(CEIL(repeat_max_days) AS INTEGER) AS repeat_to_days
    FROM guideline.regimen
)

SELECT
    g.*, -- the figures of the rule -- noqa: AM04
    -- courses that fit in 28 days when each keeps the shortest interval
    1 + CAST((27 - 27 % g.interval_min_days) / g.interval_min_days AS INTEGER) AS n_courses_28d,
    r.set_key,
    -- how severe an early and a late interval may be: 3 off_guideline, 2 review, 1 advisory
    CASE r.on_early WHEN 'advisory' THEN 1 WHEN 'review' THEN 2 ELSE 3 END AS early_rank,
    IF(r.on_late = 'advisory', 1, 2) AS late_rank,
    r.weight_policy,
    s.dose_tolerance,
    s.interval_tolerance_days,
    -- what it could have been weighed by otherwise matters to a rule that may accuse alone, and a
    -- rule that names its own weight was read where that is said
    r.effective_severity = 'off_guideline'
    AND CASE
        WHEN r.weight_policy = s.weight_policy THEN s.is_weight_policy_read
        ELSE r.status = 'transcribed'
    END IS NOT TRUE AS is_weight_doubted,
    -- the only way of its rule, and only one way to read a course by it
    COUNT(*) OVER (PARTITION BY g.rule_key) = 1 AND NOT g.has_repeat AND NOT g.is_step AS is_alone,
    -- a repeat before this day is early, however many windows lie behind
    MAX(g.repeat_from_days) OVER (PARTITION BY g.rule_key) AS last_repeat_from_days,
    COALESCE(
        g.total_min_g_per_kg, g.total_max_g_per_kg, g.day_min_g_per_kg, g.day_max_g_per_kg,
        g.month_min_g_per_kg, g.month_max_g_per_kg, g.max_g_per_kg_28d, g.day_cap_g, g.course_cap_g
    ) IS NOT NULL AS has_dose
FROM own AS g
INNER JOIN guideline.rule AS r ON g.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
