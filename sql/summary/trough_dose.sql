-- One row per band of the dose, in steps of 0.2 g/kg in 28 days by actual weight: the troughs of
-- immunoglobulin G after courses of that dose, and their quartiles in g/L. A trough is as
-- audit.monitoring_sample has it; a value that is only a limit is left out.
WITH used AS (
    SELECT
        indication_code,
        ROW_NUMBER() OVER (ORDER BY indication_code) AS place
    FROM derived.course
    WHERE indication_code IS NOT NULL
    GROUP BY indication_code
),

spaced AS (
    SELECT
        c.patient_key,
        -- one number for patient and use: an ordered join by text takes far longer
        CAST(c.patient_key AS BIGINT) * 65536 + u.place AS use_key,
        c.started_on,
        m.first_at,
        -- whole days, so the first day that lies long enough after the course before
        b.started_on + CAST(GREATEST(CEIL(c.interval_days * p.trough_share), 1) AS INTEGER)
            AS from_on,
        CAST(FLOOR(b.known_dose_g * 28 * 5 / (w.actual_kg * c.interval_days)) AS INTEGER) AS band
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS p
    INNER JOIN used AS u ON c.indication_code = u.indication_code
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
        use_key
    FROM spaced
),

sampled AS (
    SELECT
        t.use_key,
        l.collected_on,
        l.collected_at,
        l.canonical_value
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
        c.band,
        s.canonical_value
    FROM sampled AS s
    ASOF INNER JOIN spaced AS c
        ON
            s.use_key = c.use_key
            AND s.collected_on <= c.started_on
    WHERE
        (s.collected_on < c.started_on OR s.collected_at <= c.first_at)
        AND s.collected_on >= c.from_on
),

banded AS (
    SELECT
        band,
        COUNT(*) AS n_troughs,
        COUNT(DISTINCT patient_key) AS n_patients,
        QUANTILE_DISC(canonical_value, [0.25, 0.5, 0.75]) AS quartile
    FROM taken
    GROUP BY band
)

SELECT
    CAST(band / 5 AS DECIMAL(9, 1)) AS from_g_per_kg,
    CAST(from_g_per_kg + 0.2 AS DECIMAL(9, 1)) AS below_g_per_kg,
    n_troughs,
    n_patients,
    CAST(quartile[1] / 100 AS DECIMAL(9, 2)) AS low_g_per_l,
    CAST(quartile[2] / 100 AS DECIMAL(9, 2)) AS middle_g_per_l,
    CAST(quartile[3] / 100 AS DECIMAL(9, 2)) AS high_g_per_l
FROM banded
