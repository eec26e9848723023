-- One row per indication of the courses (NULL: unknown, a class of its own).
WITH given AS (
    SELECT
        indication_code,
        SUM(dose_g) AS grams,
        COUNT(*) AS n_infusions,
        COUNT(*) FILTER (WHERE is_course_start) AS n_courses,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM temp.counted_infusion
    GROUP BY indication_code
)

SELECT
    i.indication_code,
    n.name,
    i.grams,
    CAST(i.grams / NULLIF(u.grams, 0) AS DECIMAL(9, 6)) AS share_grams,
    i.n_infusions,
    i.n_courses,
    i.n_patients,
    CAST(i.grams / NULLIF(i.n_patients, 0) AS DECIMAL(12, 1)) AS grams_per_patient
FROM given AS i
CROSS JOIN report.use_total AS u
LEFT JOIN guideline.indication AS n ON i.indication_code = n.indication_code
