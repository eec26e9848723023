-- One row per breached dose: the arithmetic that decided it, one equation or comparison a line.
-- Numbers are exact and carry their unit; the rounding to vials is that of audit.compared.
WITH breach AS (
    SELECT
        *,
        fault IN ('total_high', 'total_low') AS is_total,
        fault IN ('total_high', 'day_high') AS is_high,
        CASE WHEN fault IN ('total_high', 'total_low') THEN n_days ELSE 1 END AS n_vial_days,
        CASE
            WHEN fault = 'total_high' THEN course_cap_g
            WHEN fault = 'total_low' THEN LEAST(course_cap_g, day_cap_g * days_max)
            WHEN fault = 'day_high' THEN day_cap_g
            ELSE LEAST(day_cap_g, CAST(course_cap_g / n_days AS DECIMAL(15, 6)))
        END AS cap_g,
        CASE
            WHEN is_other_dose THEN repeat_g_per_kg
            WHEN fault = 'total_high' THEN total_max_g_per_kg
            WHEN fault = 'total_low' THEN total_min_g_per_kg
            WHEN fault = 'day_high' THEN day_max_g_per_kg
            ELSE day_min_g_per_kg
        END AS limit_g_per_kg
    FROM temp.dose_breach
    WHERE fault IN ('total_high', 'total_low', 'day_high', 'day_low')
),

limited AS (
    SELECT
        *,
        limit_g_per_kg * weight_kg AS uncapped_g,
        LEAST(uncapped_g, cap_g) AS limit_g,
        (cap_g >= uncapped_g) IS NOT TRUE AND cap_g IS NOT NULL AS is_capped,
        -- a floor may be lowered by the cap of the other: of a day for the whole, and the reverse
        is_capped AND NOT is_high AND (
            cap_g < IF(is_total, course_cap_g, day_cap_g)
        ) IS NOT FALSE AS is_of_other_cap
    FROM breach
),

rounded AS (
    SELECT
        *,
        limit_g * (1 + IF(is_high, dose_tolerance, -dose_tolerance)) AS tolerated_g,
        limit_g - limit_g % (n_vial_days * step_g) + IF(
            is_high AND limit_g % (n_vial_days * step_g) > 0, n_vial_days * step_g, 0
        ) AS vials_g
    FROM limited
),

written AS (
    -- three decimals, more only where the product has them
    SELECT
        *,
        REGEXP_REPLACE(uncapped_g || '', '0{1,3}$', '') || ' g' AS uncapped_text,
        REGEXP_REPLACE(limit_g || '', '0{1,3}$', '') || ' g' AS limit_text,
        REGEXP_REPLACE(tolerated_g || '', '0{1,6}$', '') || ' g' AS tolerated_text,
        REGEXP_REPLACE(vials_g || '', '0{1,3}$', '') || ' g' AS vials_text,
        REGEXP_REPLACE(ABS(observed - limit_g) || '', '0{1,3}$', '') || ' g' AS miss_text,
        observed || ' g' AS dose_text,
        REGEXP_REPLACE(cap_g || '', '0{1,3}$', '') || ' g' AS cap_text,
        IF(is_high, ' > ', ' < ') AS sign
    FROM rounded
),

summed AS (
    SELECT
        w.*,
        s.from_on,
        s.terms
    FROM written AS w
    LEFT JOIN temp.dose_sum AS s ON w.rule_key = s.rule_key AND w.course_key = s.course_key
)

SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    CONCAT_WS(
        CHR(10),
        read_as,
        IF(is_total, 'dose: ', 'dose of ' || from_on || ': ') || terms || ' = '
        || dose_text,
        'limit: ' || limit_g_per_kg || ' g/kg × ' || weight_kg || ' kg = ' || uncapped_text,
        CASE
            WHEN is_of_other_cap AND is_total
                THEN 'never more than: ' || day_cap_g || ' g × ' || days_max || ' = ' || cap_text
            WHEN is_of_other_cap
                THEN 'in all never more than ' || course_cap_g || ' g, over ' || n_days || ' days'
        END,
        CASE
            WHEN is_capped
                THEN 'the cap decides: ' || cap_text || COALESCE(' < ' || uncapped_text, '')
        END,
        'with tolerance: ' || limit_text || ' × (1 ' || IF(is_high, '+ ', '- ')
        || dose_tolerance || ') = ' || tolerated_text,
        'in whole vials: ' || n_vial_days || ' × ' || IF(is_high, 'ceil', 'floor') || '('
        || limit_text || ' ÷ ' || n_vial_days || ' ÷ ' || step_g || ' g) × ' || step_g
        || ' g = ' || vials_text,
        'beyond the tolerance: ' || dose_text || sign || tolerated_text,
        'beyond whole vials: ' || dose_text || sign || vials_text,
        'miss: ' || IF(is_high, dose_text, limit_text) || ' - '
        || IF(is_high, limit_text, dose_text) || ' = ' || miss_text,
        'at least one vial: ' || miss_text || ' ≥ ' || step_g || ' g'
    ) AS arithmetic
FROM summed
