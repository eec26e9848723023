-- One row per band of the dose, in steps of 0.2 g/kg in 28 days by actual weight: the troughs of
-- immunoglobulin G after courses of that dose, and their quartiles in g/L. A trough is as
-- audit.monitoring_sample has it; a value that is only a limit is left out.
WITH spaced AS (
    SELECT
        c.patient_key,
        c.indication_code,
        c.started_on,
        m.first_at,
        b.started_on AS before_on,
        c.interval_days * p.trough_share AS least_days,
        b.known_dose_g * 28 * 5 AS dose_g_times_140,
        w.actual_kg * c.interval_days AS kg_days
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.course AS b ON c.previous_course_key = b.course_key
    INNER JOIN derived.course_weight AS w ON b.course_key = w.course_key
    INNER JOIN audit.monitoring_course AS m ON c.course_key = m.course_key
    WHERE
        c.is_in_period
        AND c.interval_status = 'known'
        AND c.interval_days > 0
        AND w.actual_kg > 0
        AND NOT w.is_stale
        AND b.dose_g IS NOT NULL
),

treated AS (
    SELECT DISTINCT
        patient_key,
        indication_code
    FROM spaced
),

sampled AS (
    SELECT
        t.patient_key,
        t.indication_code,
        l.collected_on,
        l.collected_at,
        l.canonical_value / 100 AS igg_g_per_l
    FROM derived.lab_result AS l
    INNER JOIN treated AS t ON l.patient_key = t.patient_key
    WHERE
        l.analyte = 'igg'
        AND l.comparator IS NULL
        AND l.canonical_unit = 'mg/dL'
        AND l.doubt IS NULL
),

-- the course a sample may be before is the next one: those of a patient and use follow one another
taken AS (
    SELECT
        c.patient_key,
        s.igg_g_per_l,
        CAST(FLOOR(c.dose_g_times_140 / c.kg_days) / 5 AS DECIMAL(9, 1)) AS from_g_per_kg
    FROM sampled AS s
    ASOF INNER JOIN spaced AS c
        ON
            s.patient_key = c.patient_key
            AND s.indication_code = c.indication_code
            AND s.collected_on <= c.started_on
    WHERE
        (s.collected_on < c.started_on OR s.collected_at <= c.first_at)
        AND s.collected_on > c.before_on
        AND s.collected_on - c.before_on >= c.least_days
)

SELECT
    from_g_per_kg,
    CAST(from_g_per_kg + 0.2 AS DECIMAL(9, 1)) AS below_g_per_kg,
    COUNT(*) AS n_troughs,
    COUNT(DISTINCT patient_key) AS n_patients,
    CAST(QUANTILE_DISC(igg_g_per_l, 0.25) AS DECIMAL(9, 2)) AS low_g_per_l,
    CAST(QUANTILE_DISC(igg_g_per_l, 0.5) AS DECIMAL(9, 2)) AS middle_g_per_l,
    CAST(QUANTILE_DISC(igg_g_per_l, 0.75) AS DECIMAL(9, 2)) AS high_g_per_l
FROM taken
GROUP BY from_g_per_kg
