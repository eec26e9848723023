-- One row per state of the weight of the courses of the period: fresh, stale or missing.
SELECT
    CASE
        WHEN w.actual_kg IS NULL THEN 'missing'
        WHEN w.is_stale THEN 'stale'
        ELSE 'fresh'
    END AS state,
    COUNT(*) AS n_courses,
    SUM(c.known_dose_g) AS grams,
    QUANTILE_DISC(w.age_days, 0.5) AS median_age_days,
    MAX(w.age_days) AS max_age_days
FROM derived.course AS c
CROSS JOIN report.period AS p
LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
WHERE c.started_on >= p.from_on AND c.started_on <= p.to_on
GROUP BY ALL
