-- One row per part of a reading (audit.dose_reading) and weight: its facts, and limits in grams.
-- Limits are multiplied by the weight, never doses divided by it: decimals compare exactly.
-- A cap lowers a floor too, and is none where the text prints no least dose.
-- A dose per month is compared in gram-days: grams times the days of a month† against grams a month
-- times the days since the course before, or, where there is none, times the longest interval.
WITH way AS (
    -- what a reading does not hold yet
    SELECT
        * EXCLUDE (
            regimen_key, rule_key, set_key, has_repeat, has_interval, repeat_from_days,
            repeat_to_days, span_days, is_step
        ),
        regimen_key AS way_key,
        span_days AS stretch_max_days,
        total_max_g_per_kg AS dose_max_g_per_kg
    FROM audit.dose_way
),

stated AS (
    -- a repeat may have a dose of its own
    SELECT
        d.*,
        d.is_repeat AND g.repeat_g_per_kg IS NOT NULL AS is_other_dose,
        g.* REPLACE (
            IF(is_other_dose, g.repeat_g_per_kg, g.total_min_g_per_kg) AS total_min_g_per_kg,
            IF(is_other_dose, g.repeat_g_per_kg, g.total_max_g_per_kg) AS total_max_g_per_kg,
            IF(is_other_dose, NULL, g.day_min_g_per_kg) AS day_min_g_per_kg,
            IF(is_other_dose, g.repeat_g_per_kg, g.day_max_g_per_kg) AS day_max_g_per_kg
        )
    FROM audit.dose_reading AS d
    INNER JOIN way AS g ON d.regimen_key = g.way_key
)

SELECT
    d.rule_key,
    d.regimen_key,
    d.course_key,
    d.patient_key,
    d.reading,
    d.part,
    COALESCE(w.role, 'policy') AS weight_role,
    w.weight_basis,
    w.weight_kg,
    COALESCE(w.reason, 'no_weight') AS weight_reason,
    (
        d.is_alone
        AND NOT w.is_bracketed
        AND NOT (d.is_weight_doubted AND w.is_disputable)
    ) IS TRUE AS is_alone,
    d.is_step_unsure,
    d.step_from_months,
    d.step_to_months,
    d.has_dose,
    d.has_interval,
    d.has_repeat,
    d.started_on,
    d.last_on,
    d.n_days,
    DATE_DIFF('day', d.started_on, d.last_on) + 1 AS span_days,
    d.dose_g,
    d.known_dose_g,
    d.max_day_g,
    d.min_day_g,
    d.is_dose_uncertain,
    d.is_open,
    d.is_start_truncated,
    d.has_unresolved_bag,
    -- what was not given, lies outside the records or is still to come cannot be too little
    d.is_stopped OR d.is_open OR d.is_start_truncated OR d.has_unresolved_bag
    OR d.is_continued IS TRUE AS is_floor_off,
    COALESCE(d.vial_step_g, p.default_vial_step_g) AS step_g,
    d.dose_tolerance,
    d.total_min_g_per_kg,
    d.total_max_g_per_kg,
    d.day_min_g_per_kg,
    d.day_max_g_per_kg,
    d.course_cap_g,
    d.day_cap_g,
    d.total_max_g_per_kg IS NOT NULL AS has_total_max,
    CAST(
        IF(
            w.weight_kg IS NULL OR d.total_min_g_per_kg IS NULL,
            NULL,
            LEAST(
                d.total_min_g_per_kg * w.weight_kg,
                d.course_cap_g,
                CAST(d.day_cap_g * d.days_max AS DECIMAL(15, 3))
            )
        ) AS DECIMAL(15, 6)
    ) AS total_min_g,
    CAST(
        IF(w.weight_kg IS NULL, NULL, LEAST(d.total_max_g_per_kg * w.weight_kg, d.course_cap_g))
        AS DECIMAL(15, 6)
    ) AS total_max_g,
    CAST(
        IF(
            w.weight_kg IS NULL OR d.day_min_g_per_kg IS NULL,
            NULL,
            LEAST(
                d.day_min_g_per_kg * w.weight_kg,
                d.day_cap_g,
                -- what a part of a microgram would add is no floor
                CAST(TRUNC(d.course_cap_g * 1e6 / d.n_days) / 1e6 AS DECIMAL(15, 6))
            )
        ) AS DECIMAL(15, 6)
    ) AS day_min_g,
    CAST(
        IF(w.weight_kg IS NULL, NULL, LEAST(d.day_max_g_per_kg * w.weight_kg, d.day_cap_g))
        AS DECIMAL(15, 6)
    ) AS day_max_g,
    d.days_min,
    d.days_max,
    d.is_consecutive,
    d.gap_min_days,
    d.gap_max_days,
    d.min_gap_days,
    d.max_gap_days,
    d.stretch_days,
    d.stretch_max_days,
    d.interval_days,
    d.interval_status,
    d.interval_min_days,
    d.interval_max_days,
    d.interval_tolerance_days,
    d.early_rank,
    d.late_rank,
    d.grams_28d,
    d.n_courses_28d,
    CAST(
        IF(d.max_g_per_kg_28d IS NULL, NULL, d.max_g_per_kg_28d * w.weight_kg) AS DECIMAL(15, 6)
    ) AS rolling_max_g,
    p.month_days,
    CAST(
        IF(d.interval_status = 'known', d.interval_days, d.interval_max_days) AS DECIMAL(6, 1)
    ) AS month_over_days,
    d.month_min_g_per_kg,
    d.month_max_g_per_kg,
    IF(d.month_min_g_per_kg IS NULL, NULL, d.month_min_g_per_kg * w.weight_kg) AS month_min_g,
    IF(d.month_max_g_per_kg IS NULL, NULL, d.month_max_g_per_kg * w.weight_kg) AS month_max_g,
    d.after_event,
    d.n_event_days,
    IF(e.course_key IS NULL, NULL, COALESCE(d.n_stretch_linked, e.n_days_linked)) AS n_days_linked,
    e.link_doubt,
    d.from_event,
    o.newest_on AS event_on,
    o.days_after AS event_days,
    o.window_doubt,
    d.from_event_min_days,
    d.from_event_max_days,
    d.is_repeat,
    d.repeat_condition,
    d.repeat_from_days,
    d.repeat_to_days,
    d.last_repeat_from_days,
    d.days_between,
    d.n_before,
    d.first_dose_g,
    d.first_n_days,
    d.is_start_seen,
    d.is_episode_start_seen,
    CAST(
        IF(
            d.has_repeat AND w.weight_kg IS NOT NULL,
            LEAST(d.dose_max_g_per_kg * w.weight_kg, d.course_cap_g),
            NULL
        ) AS DECIMAL(15, 6)
    ) AS dose_max_g,
    -- of a course read as dose and repeat: what is in both, and what both may hold
    IF(d.reading > 0, d.accrued_g, NULL) AS both_g,
    CAST(
        IF(
            d.reading > 0,
            (d.dose_max_g_per_kg + COALESCE(d.repeat_g_per_kg, d.dose_max_g_per_kg)) * w.weight_kg,
            NULL
        ) AS DECIMAL(15, 6)
    ) AS both_max_g,
    -- grams given by then, and what dose and repeat allow by then: whether a repeat too early
    -- also makes too much
    COALESCE(d.accrued_g, d.grams_28d) AS accrued_g,
    CAST(
        CASE
            WHEN d.accrued_g IS NULL AND d.repeat_from_days <= 27
                THEN dose_max_g + total_max_g
            ELSE dose_max_g
        END AS DECIMAL(15, 6)
    ) AS allowed_g
FROM stated AS d
CROSS JOIN guideline.policy AS p
LEFT JOIN derived.dosing_weight AS w
    ON
        d.course_key = w.course_key
        AND d.weight_policy = w.weight_policy
        AND (w.role = 'policy' OR w.weight_kg IS NOT NULL)
        AND (w.role != 'alternative' OR (w.is_apart AND d.is_weight_doubted))
LEFT JOIN audit.course_event AS e
    ON d.course_key = e.course_key AND d.after_event = e.event_code
LEFT JOIN audit.course_event AS o
    ON d.course_key = o.course_key AND d.from_event = o.event_code
