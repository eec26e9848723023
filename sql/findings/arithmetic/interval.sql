-- One row per breached interval or repeat: the days between the two starts against their limits.
-- Where too many grams by then make it accuse, those as well.
WITH breach AS (
    SELECT
        *,
        fault IN ('interval_early', 'interval_late') AS is_interval,
        -- a repeat between two windows is past the one and before the other
        (observed > limit_high) IS TRUE AS is_late,
        IF(fault IN ('interval_early', 'interval_late'), interval_tolerance_days, 0) AS leeway_days,
        -- a cap in grams stands in where it is lower
        course_cap_g IS NOT NULL
        AND (total_max_g_per_kg * weight_kg <= course_cap_g) IS NOT TRUE AS is_dose_capped,
        course_cap_g IS NOT NULL
        AND (COALESCE(repeat_g_per_kg, total_max_g_per_kg) * weight_kg <= course_cap_g) IS NOT TRUE
            AS is_repeat_capped,
        IF(
            is_dose_capped,
            course_cap_g || ' g',
            total_max_g_per_kg || ' g/kg × ' || weight_kg || ' kg'
        ) AS dose_terms,
        IF(
            is_repeat_capped,
            course_cap_g || ' g',
            COALESCE(repeat_g_per_kg, total_max_g_per_kg) || ' g/kg × ' || weight_kg || ' kg'
        ) AS repeat_terms
    FROM temp.dose_breach
    WHERE fault IN ('interval_early', 'interval_late', 'repeat_early', 'repeat_late')
),

limited AS (
    SELECT
        *,
        CAST(observed AS INTEGER) AS between_days,
        IF(is_late, limit_high, limit_low) AS limit_days,
        IF(is_late, limit_high + leeway_days, limit_low - leeway_days) AS tolerated_days,
        IF(is_late, observed - limit_high, limit_low - observed) AS miss_days,
        -- what the grams by then are made of
        CASE
            WHEN is_interval
                THEN dose_terms || ' × (1 + floor(27 ÷ ' || interval_min_days || '))'
            WHEN reading = 0 AND repeat_from_days <= 27 AND (is_dose_capped OR is_repeat_capped)
                THEN dose_terms || ' + ' || repeat_terms
            WHEN reading = 0 AND repeat_from_days <= 27
                THEN
                    -- what the dose and its one repeat may be
                    '(' || total_max_g_per_kg || ' g/kg + '
                    || COALESCE(repeat_g_per_kg, total_max_g_per_kg) || ' g/kg) × ' || weight_kg
                    || ' kg'
            ELSE dose_terms
        END AS allowed_terms
    FROM breach
),

written AS (
    SELECT
        *,
        between_days || ' d' AS between_text,
        REGEXP_REPLACE(limit_days || '', '\.?0+$', '') || ' d' AS limit_text,
        REGEXP_REPLACE(tolerated_days || '', '\.?0+$', '') || ' d' AS tolerated_text,
        REGEXP_REPLACE(miss_days || '', '\.?0+$', '') || ' d' AS miss_text,
        REGEXP_REPLACE(allowed_g || '', '0{1,3}$', '') || ' g' AS allowed_text,
        REGEXP_REPLACE(allowed_g * (1 + dose_tolerance) || '', '0{1,6}$', '') || ' g'
            AS allowed_tolerated_text,
        REGEXP_REPLACE(accrued_g - allowed_g || '', '0{1,3}$', '') || ' g' AS too_much_text
    FROM limited
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
    CONCAT_WS(
        CHR(10),
        read_as,
        'between the two starts: ' || begun_on || ' - ' || begun_on - between_days || ' = '
        || between_text,
        CASE
            WHEN is_interval THEN NULL
            ELSE CONCAT(
                'a repeat is permitted ',
                CONCAT_WS(
                    ' and ',
                    'from ' || repeat_from_days || ' d',
                    'up to ' || repeat_to_days || ' d'
                ),
                ' after the dose'
            )
        END,
        CASE
            WHEN is_interval
                THEN
                    IF(is_late, 'latest: ', 'earliest: ') || limit_text
                    || IF(is_late, ' + ', ' - ') || leeway_days || ' d = ' || tolerated_text
        END,
        CASE
            WHEN NOT is_late THEN 'too early: '
            WHEN fault = 'repeat_early' THEN 'after this window and before the next: '
            ELSE 'too late: '
        END || between_text || IF(is_late, ' > ', ' < ')
        || tolerated_text,
        'miss: ' || IF(is_late, between_text, limit_text) || ' - '
        || IF(is_late, limit_text, between_text) || ' = ' || miss_text,
        CASE
            WHEN is_grams_high
                THEN CONCAT_WS(
                    CHR(10),
                    'allowed by then: ' || allowed_terms || ' = ' || allowed_text,
                    'with tolerance: ' || allowed_text || ' × (1 + ' || dose_tolerance || ') = '
                    || allowed_tolerated_text,
                    'given from ' || from_on || ' to ' || to_on || ': ' || terms || ' = '
                    || accrued_g || ' g',
                    'given by then: ' || accrued_g || ' g > ' || allowed_tolerated_text,
                    'too much: ' || accrued_g || ' g - ' || allowed_text || ' = ' || too_much_text,
                    'at least one vial: ' || too_much_text || ' ≥ ' || step_g || ' g'
                )
        END
    ) AS arithmetic
FROM summed
