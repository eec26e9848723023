-- One row per breached dose of a month: grams times the days of a month† against grams a month
-- times the days since the course before; or the grams of 28 days against their limit.
WITH breach AS (
    SELECT
        *,
        fault = 'rolling_high' AS is_rolling,
        fault != 'month_low' AS is_high,
        IF(fault = 'month_low', month_min_g_per_kg, month_max_g_per_kg) || ' g/kg × ' || weight_kg
        || ' kg × ' || month_over_days || ' d' AS month_terms,
        max_g_per_kg_28d * weight_kg AS rolling_max_g,
        observed || ' g' AS dose_text
    FROM temp.dose_breach
    WHERE fault IN ('month_high', 'month_low', 'rolling_high')
),

written AS (
    SELECT
        *,
        REGEXP_REPLACE(rolling_max_g || '', '0{1,3}$', '') || ' g' AS rolling_text,
        REGEXP_REPLACE(rolling_max_g * (1 + dose_tolerance) || '', '0{1,6}$', '') || ' g'
            AS tolerated_text,
        REGEXP_REPLACE(observed - rolling_max_g || '', '0{1,3}$', '') || ' g' AS too_much_text
    FROM breach
),

summed AS (
    SELECT
        w.*,
        s.from_on,
        s.to_on,
        s.terms
    FROM written AS w
    LEFT JOIN temp.dose_sum AS s ON w.rule_key = s.rule_key AND w.course_key = s.course_key
)

SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    CASE
        WHEN is_rolling
            THEN CONCAT_WS(
                CHR(10),
                'allowed in 28 days: ' || max_g_per_kg_28d || ' g/kg × ' || weight_kg || ' kg = '
                || rolling_text,
                'with tolerance: ' || rolling_text || ' × (1 + ' || dose_tolerance || ') = '
                || tolerated_text,
                'given from ' || from_on || ' to ' || to_on || ': ' || terms || ' = '
                || dose_text,
                'given in 28 days: ' || dose_text || ' > ' || tolerated_text,
                'miss: ' || dose_text || ' - ' || rolling_text || ' = ' || too_much_text,
                'at least one vial: ' || too_much_text || ' ≥ ' || step_g || ' g'
            )
        ELSE CONCAT_WS(
            CHR(10),
            read_as,
            'dose: ' || terms || ' = ' || dose_text,
            CASE
                WHEN interval_status = 'known'
                    THEN
                        'since the course before: ' || begun_on || ' - '
                        || begun_on - CAST(interval_days AS INTEGER) || ' = ' || interval_days
                        || ' d'
                ELSE 'no course before: the longest interval is ' || month_over_days || ' d'
            END,
            'a month is taken as ' || month_days || ' d: for ' || month_over_days
            || ' d the limit is about '
            || CAST(IF(is_high, limit_high, limit_low) AS DECIMAL(12, 1)) || ' g',
            'beyond the tolerance: ' || dose_text || ' × ' || month_days || ' d'
            || IF(is_high, ' > ', ' < ') || month_terms || ' × (1 ' || IF(is_high, '+ ', '- ')
            || dose_tolerance || ')',
            'beyond whole vials: ' || dose_text || IF(is_high, ' > ', ' < ') || n_days || ' × '
            || IF(is_high, 'ceil', 'floor') || '(' || month_terms || ' ÷ ' || month_days || ' d ÷ '
            || n_days || ' ÷ ' || step_g || ' g) × ' || step_g || ' g',
            'at least one vial: (' || dose_text || IF(is_high, ' - ', ' + ') || step_g || ' g) × '
            || month_days || ' d' || IF(is_high, ' ≥ ', ' ≤ ') || month_terms
        )
    END AS arithmetic
FROM summed
