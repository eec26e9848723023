-- One row per indication of the patients (NULL: unknown in some course; `is_several`: more than
-- one) and one for all (`is_total`): the most grams per kilogram of actual weight a patient was
-- given in courses begun within any 30 days (`month_`) and any 365 (`year_`) that end on the first
-- day of a course of the period, whatever the courses were for: median, ninth tenth and highest.
-- `n_at_least`: of the `n_patients` those with a course of the period whose grams or weight are
-- unknown, so that more may have been given; `n_unknown`: patients of whom no course has both.
WITH indication AS (
    SELECT
        indication_code,
        name,
        ROW_NUMBER() OVER (ORDER BY indication_code) AS number
    FROM guideline.indication
),

course AS (
    SELECT
        c.patient_key,
        i.number AS indication_number,
        c.started_on - DATE '1900-01-01' AS day_number,
        (c.started_on >= p.from_on AND c.started_on <= p.to_on) IS TRUE AS is_in_period,
        -- whole numbers of a millionth add up to the same sum in any order
        CAST(c.dose_g * 1000000 / NULLIF(w.actual_kg, 0) AS BIGINT) AS dose
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    LEFT JOIN indication AS i ON c.indication_code = i.indication_code
),

rolled AS (
    SELECT
        patient_key,
        indication_number,
        is_in_period,
        dose,
        SUM(dose) OVER (
            PARTITION BY patient_key
            ORDER BY day_number
            RANGE BETWEEN 29 PRECEDING AND CURRENT ROW
        ) AS month_dose,
        SUM(dose) OVER (
            PARTITION BY patient_key
            ORDER BY day_number
            RANGE BETWEEN 364 PRECEDING AND CURRENT ROW
        ) AS year_dose
    FROM course
),

highest AS (
    SELECT
        patient_key,
        CASE WHEN COUNT(*) = COUNT(indication_number) THEN MIN(indication_number) END
            AS indication_number,
        MIN(indication_number) < MAX(indication_number) AS is_mixed,
        COUNT(*) > COUNT(dose) AS is_at_least,
        CAST(MAX(month_dose) / 1000000 AS DECIMAL(18, 3)) AS month_g_per_kg,
        CAST(MAX(year_dose) / 1000000 AS DECIMAL(18, 3)) AS year_g_per_kg
    FROM rolled
    WHERE is_in_period
    GROUP BY patient_key
),

classed AS (
    SELECT
        is_mixed IS TRUE AS is_several,
        CASE WHEN is_mixed IS NOT TRUE THEN indication_number END AS indication_number,
        is_at_least,
        month_g_per_kg,
        year_g_per_kg
    FROM highest
),

summed AS (
    SELECT
        indication_number,
        is_several,
        GROUPING(indication_number) = 1 AS is_total,
        COUNT(year_g_per_kg) AS n_patients,
        COUNT(year_g_per_kg) FILTER (WHERE is_at_least) AS n_at_least,
        COUNT(*) - COUNT(year_g_per_kg) AS n_unknown,
        QUANTILE_DISC(month_g_per_kg, 0.5) AS month_median,
        QUANTILE_DISC(month_g_per_kg, 0.9) AS month_ninth_tenth,
        MAX(month_g_per_kg) AS month_highest,
        QUANTILE_DISC(year_g_per_kg, 0.5) AS year_median,
        QUANTILE_DISC(year_g_per_kg, 0.9) AS year_ninth_tenth,
        MAX(year_g_per_kg) AS year_highest
    FROM classed
    GROUP BY GROUPING SETS ((indication_number, is_several), ())
    HAVING COUNT(*) > 0
)

SELECT
    i.indication_code,
    i.name,
    s.is_several IS TRUE AS is_several,
    s.is_total,
    s.n_patients,
    s.n_at_least,
    s.n_unknown,
    s.month_median,
    s.month_ninth_tenth,
    s.month_highest,
    s.year_median,
    s.year_ninth_tenth,
    s.year_highest
FROM summed AS s
LEFT JOIN indication AS i ON s.indication_number = i.number
