-- One row per breached dose: the arithmetic that decided it, one equation or comparison a line.
-- Numbers are exact and carry their unit; the rounding to vials is that of audit.compared.
WITH breach AS (
    SELECT
        v.rule_key,
        v.subject_kind,
        v.subject_key,
        v.course_key,
        v.observed,
        d.weight_kg,
        s.dose_tolerance,
        COALESCE(c.vial_step_g, p.default_vial_step_g) AS step_g,
        COALESCE(v.observed > v.limit_high, FALSE) AS is_high,
        CASE WHEN v.clause = 'dose_total' THEN c.n_days ELSE 1 END AS n_days,
        CASE
            WHEN v.clause = 'dose_total' AND v.observed > v.limit_high THEN g.total_max_g_per_kg
            WHEN v.clause = 'dose_total' THEN g.total_min_g_per_kg
            WHEN v.observed > v.limit_high THEN g.day_max_g_per_kg
            ELSE g.day_min_g_per_kg
        END AS limit_g_per_kg,
        v.clause
    FROM audit.verdict AS v
    INNER JOIN guideline.regimen AS g ON v.regimen_key = g.regimen_key
    INNER JOIN guideline.guideline_set AS s ON v.set_key = s.set_key
    INNER JOIN derived.course AS c ON v.course_key = c.course_key
    INNER JOIN derived.dosing_weight AS d
        ON v.course_key = d.course_key AND s.weight_policy = d.weight_policy
    CROSS JOIN guideline.policy AS p
    WHERE
        v.status = 'breached'
        AND v.kind = 'regimen'
        AND v.clause IN ('dose_total', 'dose_per_day')
        AND d.role = 'policy'
),

summed AS (
    SELECT
        s.course_key,
        STRING_AGG(s.known_dose_g || ' g', ' + ' ORDER BY s.started_on, s.session_key) AS terms
    FROM derived.session AS s
    SEMI JOIN breach AS b ON s.course_key = b.course_key AND b.clause = 'dose_total'
    WHERE s.known_dose_g IS NOT NULL
    GROUP BY s.course_key
),

limited AS (
    SELECT
        *,
        limit_g_per_kg * weight_kg AS limit_g,
        limit_g_per_kg * weight_kg * (1 + IF(is_high, dose_tolerance, -dose_tolerance))
            AS tolerated_g,
        limit_g_per_kg * weight_kg % (n_days * step_g) AS over_whole_g
    FROM breach
),

written AS (
    -- three decimals, more only where the product has them
    SELECT
        *,
        REGEXP_REPLACE(limit_g || '', '0{1,3}$', '') || ' g' AS limit_text,
        REGEXP_REPLACE(tolerated_g || '', '0{1,6}$', '') || ' g' AS tolerated_text,
        REGEXP_REPLACE(
            limit_g - over_whole_g + CASE
                WHEN is_high AND over_whole_g > 0 THEN n_days * step_g
                ELSE 0
            END || '', '0{1,3}$', ''
        ) || ' g' AS vials_text,
        REGEXP_REPLACE(ABS(observed - limit_g) || '', '0{1,3}$', '') || ' g' AS miss_text,
        observed || ' g' AS dose_text,
        CASE WHEN is_high THEN ' > ' ELSE ' < ' END AS sign
    FROM limited
)

SELECT
    w.rule_key,
    w.subject_kind,
    w.subject_key,
    CONCAT_WS(
        CHR(10),
        'dose: ' || s.terms || ' = ' || w.dose_text,
        'limit: ' || w.limit_g_per_kg || ' g/kg × ' || w.weight_kg || ' kg = ' || w.limit_text,
        'with tolerance: ' || w.limit_text || ' × (1 ' || IF(w.is_high, '+ ', '- ')
        || w.dose_tolerance || ') = ' || w.tolerated_text,
        'in whole vials: ' || w.n_days || ' × ' || IF(w.is_high, 'ceil', 'floor') || '('
        || w.limit_text || ' ÷ ' || w.n_days || ' ÷ ' || w.step_g || ' g) × ' || w.step_g
        || ' g = ' || w.vials_text,
        'beyond the tolerance: ' || w.dose_text || w.sign || w.tolerated_text,
        'beyond whole vials: ' || w.dose_text || w.sign || w.vials_text,
        'miss: ' || IF(w.is_high, w.dose_text, w.limit_text) || ' - '
        || IF(w.is_high, w.limit_text, w.dose_text) || ' = ' || w.miss_text,
        'at least one vial: ' || w.miss_text || ' ≥ ' || w.step_g || ' g'
    ) AS arithmetic
FROM written AS w
LEFT JOIN summed AS s ON w.course_key = s.course_key AND w.clause = 'dose_total'
