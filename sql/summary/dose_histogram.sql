-- One row per rule, indication, measure and step of 0.1 g/kg: the closed courses in it.
-- A step is centred on its number, so that a dose on a printed limit stands on the limit.
-- The last step, 3.0, also holds everything above it.
SELECT
    d.rule_key,
    r.rule_id,
    d.indication_code,
    d.measure,
    LEAST(ROUND(d.g_per_kg, 1), 3.0) AS step_g_per_kg,
    SUM(d.n_courses) AS n_courses
FROM temp.course_dose AS d
INNER JOIN guideline.rule AS r ON d.rule_key = r.rule_key
WHERE d.g_per_kg IS NOT NULL
GROUP BY ALL
