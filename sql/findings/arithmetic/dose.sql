-- One row per breached dose: the arithmetic that decided it, one equation or comparison a line.
-- Numbers are exact and carry their unit; the rounding to vials is that of audit.compared.
WITH breach AS (
    SELECT
        *,
        fault IN ('total_high', 'total_low') AS is_total,
        fault IN ('total_high', 'day_high') AS is_high,
        CASE WHEN fault IN ('total_high', 'total_low') THEN n_days ELSE 1 END AS n_vial_days,
        CASE WHEN fault IN ('total_high', 'total_low') THEN course_cap_g ELSE day_cap_g END
            AS cap_g,
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

summed AS (
    -- the sessions of the days that were added up, of earlier courses too where they were
    SELECT
        b.rule_key,
        b.course_key,
        STRING_AGG(s.known_dose_g || ' g', ' + ' ORDER BY s.started_on, s.session_key) AS terms
    FROM breach AS b
    INNER JOIN derived.course AS c ON b.episode_key = c.episode_key
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    WHERE
        b.is_total
        AND s.started_on BETWEEN b.started_on AND b.last_on
        AND s.known_dose_g IS NOT NULL
    GROUP BY b.rule_key, b.course_key
),

limited AS (
    SELECT
        *,
        limit_g_per_kg * weight_kg AS uncapped_g,
        LEAST(limit_g_per_kg * weight_kg, cap_g) AS limit_g
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
        IF(is_high, ' > ', ' < ') AS sign
    FROM rounded
)

SELECT
    w.rule_key,
    'course' AS subject_kind,
    w.course_key AS subject_key,
    CONCAT_WS(
        CHR(10),
        IF(
            w.reading > 0 AND w.is_repeat,
            'read as the repeat: ',
            'read as the dose before a repeat: '
        ) || IF(w.reading > 0, w.started_on || ' to ' || w.last_on, NULL),
        'dose: ' || s.terms || ' = ' || w.dose_text,
        'limit: ' || w.limit_g_per_kg || ' g/kg × ' || w.weight_kg || ' kg = ' || w.uncapped_text,
        'never more than: ' || w.cap_g || ' g ≤ ' || w.uncapped_text,
        'with tolerance: ' || w.limit_text || ' × (1 ' || IF(w.is_high, '+ ', '- ')
        || w.dose_tolerance || ') = ' || w.tolerated_text,
        'in whole vials: ' || w.n_vial_days || ' × ' || IF(w.is_high, 'ceil', 'floor') || '('
        || w.limit_text || ' ÷ ' || w.n_vial_days || ' ÷ ' || w.step_g || ' g) × ' || w.step_g
        || ' g = ' || w.vials_text,
        'beyond the tolerance: ' || w.dose_text || w.sign || w.tolerated_text,
        'beyond whole vials: ' || w.dose_text || w.sign || w.vials_text,
        'miss: ' || IF(w.is_high, w.dose_text, w.limit_text) || ' - '
        || IF(w.is_high, w.limit_text, w.dose_text) || ' = ' || w.miss_text,
        'at least one vial: ' || w.miss_text || ' ≥ ' || w.step_g || ' g'
    ) AS arithmetic
FROM written AS w
LEFT JOIN summed AS s ON w.rule_key = s.rule_key AND w.course_key = s.course_key
