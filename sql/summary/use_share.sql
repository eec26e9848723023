-- One row per part of the patients, those with most grams first (1, 5, 10, 25, 50 and 100 %† of
-- them, rounded up to whole patients; none that is not even one patient): the grams they were given
-- in the period, their share of all grams, and the least that one of them was given.
-- `n_without_grams`: patients of whom no infusion has grams; they are in no part.
WITH known AS (
    SELECT
        COUNT(grams) AS n_known,
        COUNT(*) - COUNT(grams) AS n_without_grams
    FROM temp.patient_use
),

listed AS (
    SELECT
        n_known,
        n_without_grams,
        UNNEST([1, 5, 10, 25, 50, 100]) AS top_percent
    FROM known
),

part AS (
    SELECT
        top_percent,
        n_without_grams,
        (n_known * top_percent + 99) // 100 AS n_part
    FROM listed
    WHERE n_known * top_percent >= 100
),

-- patients with as many grams may change places: no sum tells
ranked AS (
    SELECT
        grams,
        ROW_NUMBER() OVER (ORDER BY grams DESC) AS place
    FROM temp.patient_use
    WHERE grams IS NOT NULL
)

SELECT
    p.top_percent,
    COUNT(*) AS n_patients,
    SUM(r.grams) AS grams,
    CAST(SUM(r.grams) / NULLIF(MIN(u.grams), 0) AS DECIMAL(9, 6)) AS share_grams,
    MIN(r.grams) AS least_g,
    p.n_without_grams
FROM part AS p
CROSS JOIN report.use_total AS u
INNER JOIN ranked AS r ON p.n_part >= r.place
GROUP BY p.top_percent, p.n_without_grams
