-- One row per rule of the first set on dose, indication, measure the rule limits (grams per kg and
-- day, or per kg and course) and g/kg to three decimals: the closed courses with that dose, by the
-- rule's own dosing weight. NULL g/kg: grams or weight unknown.
-- A working table: the chapter on dose per kg reads it, and it is dropped afterwards.
WITH dosed AS (
    SELECT
        a.rule_key,
        c.indication_code,
        CASE
            WHEN c.policy_kg > 0 THEN CAST(c.max_day_g / c.policy_kg AS DECIMAL(9, 3))
        END AS day_g_per_kg,
        CASE
            WHEN c.policy_kg > 0 THEN CAST(c.dose_g / c.policy_kg AS DECIMAL(9, 3))
        END AS total_g_per_kg
    FROM temp.dose_asked AS a
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    INNER JOIN temp.dose_course AS c
        ON
            a.course_key = c.course_key
            AND IF(r.weight_policy IS NULL, c.is_own, r.weight_policy = c.weight_policy)
    WHERE a.status <> 'not_applicable'
),

limited AS (
    SELECT DISTINCT
        rule_key,
        measure
    FROM report.dose_band
)

SELECT
    d.rule_key,
    d.indication_code,
    l.measure,
    CASE WHEN l.measure = 'day' THEN d.day_g_per_kg ELSE d.total_g_per_kg END AS g_per_kg,
    COUNT(*) AS n_courses
FROM dosed AS d
INNER JOIN limited AS l ON d.rule_key = l.rule_key
GROUP BY ALL
