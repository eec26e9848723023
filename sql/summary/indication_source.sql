-- One row per way the courses of the period got their indication (NULL: they have none).
SELECT
    c.indication_source,
    COUNT(*) AS n_courses,
    SUM(c.known_dose_g) AS grams
FROM derived.course AS c
CROSS JOIN report.period AS p
WHERE c.started_on >= p.from_on AND c.started_on <= p.to_on
GROUP BY ALL
