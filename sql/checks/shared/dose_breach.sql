-- One row per regimen rule and course that fails it (audit.dose_fault): the facts, limits and days of the
-- clause that decided, from which its arithmetic is written.
SELECT
    d.rule_key,
    d.course_key,
    c.patient_key,
    c.episode_key,
    d.nearest.fault,
    d.nearest.observed,
    d.nearest.limit_low,
    d.nearest.limit_high,
    d.nearest.weight_kg,
    d.nearest.step_g,
    d.nearest.n_days,
    d.nearest.started_on,
    d.nearest.last_on,
    d.nearest.event_on,
    d.nearest.is_grams_high,
    d.nearest.accrued_g,
    d.nearest.allowed_g,
    d.nearest.reading,
    d.nearest.month_over_days,
    d.nearest.is_repeat AND g.repeat_g_per_kg IS NOT NULL AS is_other_dose,
    c.interval_status,
    c.interval_days,
    g.* EXCLUDE (rule_key),
    p.month_days,
    p.event_link_days
FROM temp.dose_said AS d
INNER JOIN derived.course AS c ON d.course_key = c.course_key
INNER JOIN audit.dose_way AS g ON d.regimen_key = g.regimen_key
CROSS JOIN guideline.policy AS p
WHERE d.status_number = 2
