-- One row per breached interval: the arithmetic that decided it, one equation or comparison a line.
-- An early interval with too many grams in 28 days shows those as well.
WITH breach AS (
    SELECT
        v.rule_key,
        v.subject_kind,
        v.subject_key,
        v.observed > v.limit_high IS TRUE AS is_late,
        v.miss,
        c.started_on,
        c.interval_days,
        c.grams_28d,
        g.interval_min_days,
        g.interval_max_days,
        g.total_max_g_per_kg,
        s.interval_tolerance_days,
        s.dose_tolerance,
        d.weight_kg,
        COALESCE(c.vial_step_g, p.default_vial_step_g) AS step_g,
        g.total_max_g_per_kg * d.weight_kg
        * (1 + CAST((27 - 27 % g.interval_min_days) / g.interval_min_days AS INTEGER)) AS month_g
    FROM audit.verdict AS v
    INNER JOIN guideline.regimen AS g ON v.regimen_key = g.regimen_key
    INNER JOIN guideline.guideline_set AS s ON v.set_key = s.set_key
    INNER JOIN derived.course AS c ON v.course_key = c.course_key
    CROSS JOIN guideline.policy AS p
    LEFT JOIN derived.dosing_weight AS d
        ON
            v.course_key = d.course_key
            AND s.weight_policy = d.weight_policy
            AND d.role = 'policy'
    WHERE v.status = 'breached' AND v.kind = 'regimen' AND v.clause = 'interval'
),

written AS (
    SELECT
        *,
        interval_days || ' d' AS interval_text,
        IF(is_late, interval_max_days, interval_min_days) || ' d' AS limit_text,
        IF(
            is_late,
            interval_max_days + interval_tolerance_days,
            interval_min_days - interval_tolerance_days
        ) || ' d' AS tolerated_text,
        REGEXP_REPLACE(month_g || '', '0{1,3}$', '') || ' g' AS month_text,
        REGEXP_REPLACE(month_g * (1 + dose_tolerance) || '', '0{1,6}$', '') || ' g'
            AS month_tolerated_text,
        REGEXP_REPLACE(grams_28d - month_g || '', '0{1,3}$', '') || ' g' AS month_miss_text,
        grams_28d > month_g * (1 + dose_tolerance) AND grams_28d - month_g >= step_g
            AS is_month_high
    FROM breach
)

SELECT
    rule_key,
    subject_kind,
    subject_key,
    CONCAT_WS(
        CHR(10),
        'interval: ' || started_on || ' - ' || started_on - CAST(interval_days AS INTEGER)
        || ' = ' || interval_text,
        IF(is_late, 'latest: ', 'earliest: ') || limit_text || IF(is_late, ' + ', ' - ')
        || interval_tolerance_days || ' d = ' || tolerated_text,
        IF(is_late, 'too late: ', 'too early: ') || interval_text || IF(is_late, ' > ', ' < ')
        || tolerated_text,
        'miss: ' || IF(is_late, interval_text, limit_text) || ' - '
        || IF(is_late, limit_text, interval_text) || ' = ' || miss || ' d',
        CASE
            WHEN NOT is_late AND is_month_high
                THEN CONCAT_WS(
                    CHR(10),
                    'allowed in 28 days: ' || total_max_g_per_kg || ' g/kg × ' || weight_kg
                    || ' kg × (1 + floor(27 ÷ ' || interval_min_days || ')) = ' || month_text,
                    'with tolerance: ' || month_text || ' × (1 + ' || dose_tolerance || ') = '
                    || month_tolerated_text,
                    'given in 28 days: ' || grams_28d || ' g > ' || month_tolerated_text,
                    'too much: ' || grams_28d || ' g - ' || month_text || ' = ' || month_miss_text,
                    'at least one vial: ' || month_miss_text || ' ≥ ' || step_g || ' g'
                )
        END
    ) AS arithmetic
FROM written
