-- One row per band of the dose, in steps of 0.2 g/kg in 28 days by actual weight: the troughs of
-- immunoglobulin G after courses of that dose, and their quartiles in g/L. A trough is as
-- audit.monitoring_sample has it; a value that is only a limit is left out.
WITH taken AS (
    SELECT DISTINCT
        c.course_key,
        l.lab_result_key,
        l.patient_key,
        l.canonical_value / 100 AS igg_g_per_l,
        CAST(
            FLOOR(b.known_dose_g * 28 * 5 / (w.actual_kg * c.interval_days)) / 5 AS DECIMAL(9, 1)
        ) AS from_g_per_kg
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.course AS b ON c.previous_course_key = b.course_key
    INNER JOIN derived.course_weight AS w ON b.course_key = w.course_key
    INNER JOIN audit.monitoring_course AS m ON c.course_key = m.course_key
    INNER JOIN derived.lab_result AS l
        ON
            c.patient_key = l.patient_key
            AND l.analyte = 'igg'
            AND (c.started_on > l.collected_on OR m.first_at >= l.collected_at)
            AND b.started_on < l.collected_on
            AND l.collected_on - b.started_on >= c.interval_days * p.trough_share
    WHERE
        c.is_in_period
        AND c.interval_status = 'known'
        AND c.interval_days > 0
        AND w.actual_kg > 0
        AND NOT w.is_stale
        AND b.dose_g IS NOT NULL
        AND l.comparator IS NULL
        AND l.canonical_unit = 'mg/dL'
        AND l.canonical_value IS NOT NULL
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
