-- One row per weight rule of our own house set and course: can its weight carry a dose?
-- Numbers: guideline.weight_limit, else guideline.policy. A jump is a change that no weight of the
-- last weighed day before explains.
WITH measured AS (
    SELECT
        patient_key,
        measured_on,
        weight_kg
    FROM staged.body_measurement
    UNION ALL
    SELECT
        patient_key,
        started_on,
        weight_kg
    FROM derived.infusion
),

daily AS (
    SELECT
        patient_key,
        measured_on,
        MIN(weight_kg) AS low_kg,
        MAX(weight_kg) AS high_kg
    FROM measured
    WHERE weight_kg IS NOT NULL
    GROUP BY patient_key, measured_on
),

stepped AS (
    SELECT
        patient_key,
        measured_on,
        low_kg,
        high_kg,
        LAG(low_kg) OVER in_time AS earlier_low_kg,
        LAG(high_kg) OVER in_time AS earlier_high_kg,
        measured_on - LAG(measured_on) OVER in_time AS step_days
    FROM daily
    WINDOW in_time AS (PARTITION BY patient_key ORDER BY measured_on)
),

jumped AS (
    SELECT
        l.rule_key,
        s.patient_key,
        s.measured_on,
        s.earlier_low_kg * (1 - l.limit_value) AS limit_low,
        s.earlier_high_kg * (1 + l.limit_value) AS limit_high
    FROM stepped AS s
    INNER JOIN guideline.weight_limit AS l
        ON
            s.step_days <= l.limit_days
            AND (
                s.high_kg > s.earlier_high_kg * (1 + l.limit_value)
                OR s.low_kg < s.earlier_low_kg * (1 - l.limit_value)
            )
    WHERE l.problem = 'jump'
),

vague AS (
    -- courses with an infusion whose weight may be actual, ideal or adjusted
    SELECT
        i.course_key,
        BOOL_OR(s.weight_basis IS NULL OR s.weight_basis = 'unknown') AS is_vague
    FROM derived.infusion AS i
    INNER JOIN staged.infusion AS s ON i.infusion_key = s.infusion_key
    WHERE i.record = 'infusion' AND i.course_key IS NOT NULL AND s.weight_kg IS NOT NULL
    GROUP BY i.course_key
),

aged AS (
    SELECT
        c.course_key,
        w.actual_kg,
        w.measured_on,
        w.age_days,
        v.is_vague,
        CASE
            WHEN c.age_years < p.infant_years THEN p.weight_max_age_days_infant
            ELSE p.weight_max_age_days
        END AS max_age_days
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS p
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    LEFT JOIN vague AS v ON c.course_key = v.course_key
),

asked AS (
    SELECT
        a.rule_key,
        a.course_key,
        a.patient_key,
        a.reason AS gap,
        l.problem,
        g.actual_kg,
        g.age_days,
        g.is_vague,
        COALESCE(l.limit_days, g.max_age_days) AS max_age_days,
        j.limit_low,
        j.limit_high
    FROM audit.applicable AS a
    INNER JOIN guideline.weight_limit AS l ON a.rule_key = l.rule_key
    INNER JOIN aged AS g ON a.course_key = g.course_key
    LEFT JOIN jumped AS j
        ON
            a.rule_key = j.rule_key
            AND a.patient_key = j.patient_key
            AND g.measured_on = j.measured_on
            AND (g.actual_kg < j.limit_low OR g.actual_kg > j.limit_high)
    -- where no weight came with an infusion, nobody asks which weight it was
    WHERE a.kind = 'weight' AND (l.problem != 'basis_unknown' OR g.is_vague IS NOT NULL)
),

judged AS (
    SELECT
        *,
        CASE
            WHEN gap IS NOT NULL THEN gap
            WHEN problem = 'missing' AND actual_kg IS NULL THEN 'weight_missing'
            WHEN problem = 'basis_unknown' AND is_vague THEN 'basis_unknown'
            WHEN problem IN ('stale', 'jump') AND actual_kg IS NULL THEN 'no_weight'
            WHEN problem = 'stale' AND age_days > max_age_days THEN 'weight_stale'
            WHEN problem = 'jump' AND limit_high IS NOT NULL THEN 'weight_jump'
        END AS reason
    FROM asked
)

SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason IS NULL THEN 'met'
        WHEN reason = 'other_phase' THEN 'not_applicable'
        WHEN reason IN ('no_weight', 'population_unknown', 'version_unknown', 'product_unknown')
            THEN 'not_assessable'
        ELSE 'breached'
    END AS status,
    reason,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'weight' AS clause,
    CASE reason WHEN 'weight_stale' THEN age_days WHEN 'weight_jump' THEN actual_kg END
        AS observed,
    CASE WHEN reason = 'weight_jump' THEN limit_low END AS limit_low,
    CASE reason WHEN 'weight_stale' THEN max_age_days WHEN 'weight_jump' THEN limit_high END
        AS limit_high,
    CASE WHEN reason IN ('weight_stale', 'weight_jump') THEN 0 END AS tolerance,
    CASE reason WHEN 'weight_stale' THEN 'days' WHEN 'weight_jump' THEN 'kg' END AS unit,
    CASE
        WHEN reason = 'weight_stale' THEN age_days - max_age_days
        WHEN reason = 'weight_jump' AND actual_kg > limit_high THEN actual_kg - limit_high
        WHEN reason = 'weight_jump' THEN limit_low - actual_kg
    END AS miss
FROM judged
