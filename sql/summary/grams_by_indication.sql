-- One row per indication of the courses (NULL: unknown, a class of its own).
SELECT
    i.indication_code,
    n.name,
    SUM(i.dose_g) AS grams,
    CAST(SUM(i.dose_g) / NULLIF(MAX(u.grams), 0) AS DECIMAL(9, 6)) AS share_grams,
    COUNT(*) AS n_infusions,
    COUNT(*) FILTER (WHERE i.is_course_start) AS n_courses,
    COUNT(DISTINCT i.patient_key) AS n_patients,
    CAST(
        SUM(i.dose_g) / NULLIF(COUNT(DISTINCT i.patient_key), 0) AS DECIMAL(12, 1)
    ) AS grams_per_patient
FROM temp.counted_infusion AS i
CROSS JOIN report.use_total AS u
LEFT JOIN guideline.indication AS n ON i.indication_code = n.indication_code
GROUP BY i.indication_code, n.name
