-- One row per course, regimen it could be judged by and weight: the facts, and the limits in grams.
-- Limits are multiplied by the weight, never doses divided by it: decimals compare exactly.
SELECT
    r.rule_key,
    c.course_key,
    c.patient_key,
    g.regimen_key,
    COALESCE(w.role, 'policy') AS weight_role,
    w.weight_basis,
    w.weight_kg,
    COALESCE(w.reason, 'no_weight') AS weight_reason,
    c.dose_g,
    c.known_dose_g,
    c.max_day_g,
    c.min_day_g,
    c.grams_28d,
    c.is_dose_uncertain,
    c.n_days,
    DATE_DIFF('day', c.started_on, c.last_on) + 1 AS span_days,
    c.interval_days,
    c.interval_status,
    c.is_open,
    c.is_start_truncated,
    -- what was not given, or lies outside the records, cannot be too little
    c.is_stopped OR c.is_open OR c.is_start_truncated OR c.has_unresolved_bag AS is_floor_off,
    c.has_unresolved_bag,
    g.total_min_g_per_kg * w.weight_kg AS total_min_g,
    g.total_max_g_per_kg * w.weight_kg AS total_max_g,
    g.day_min_g_per_kg * w.weight_kg AS day_min_g,
    g.day_max_g_per_kg * w.weight_kg AS day_max_g,
    g.total_max_g_per_kg IS NOT NULL AS has_total_max,
    COALESCE(
        g.total_min_g_per_kg, g.total_max_g_per_kg, g.day_min_g_per_kg, g.day_max_g_per_kg
    ) IS NOT NULL AS has_dose,
    COALESCE(g.interval_min_days, g.interval_max_days) IS NOT NULL AS has_interval,
    g.days_min,
    g.days_max,
    g.interval_min_days,
    g.interval_max_days,
    -- courses that fit in 28 days when each keeps the shortest interval
    1 + CAST((27 - 27 % g.interval_min_days) / g.interval_min_days AS INTEGER) AS n_courses_28d,
    g.is_consecutive,
    COALESCE(c.vial_step_g, p.default_vial_step_g) AS step_g,
    s.dose_tolerance,
    s.interval_tolerance_days,
    r.on_early,
    r.on_late
FROM audit.applicable AS a
INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
INNER JOIN guideline.regimen AS g ON r.rule_key = g.rule_key
INNER JOIN derived.course AS c ON a.course_key = c.course_key
CROSS JOIN guideline.policy AS p
LEFT JOIN derived.dosing_weight AS w
    ON
        c.course_key = w.course_key
        AND s.weight_policy = w.weight_policy
        AND (w.role = 'policy' OR w.weight_kg IS NOT NULL)
WHERE a.kind = 'regimen' AND a.reason IS NULL
