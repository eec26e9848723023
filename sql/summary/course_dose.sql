-- One row per rule of the first set on dose, indication, measure the rule limits (grams per kg and
-- day, or per kg and course) and g/kg to three decimals: the closed courses with that dose, by the
-- rule's own dosing weight. NULL g/kg: grams or weight unknown.
-- A working table: the chapter on dose per kg reads it, and it is dropped afterwards.
WITH dosed AS (
    SELECT
        v.rule_key,
        c.indication_code,
        CASE
            WHEN w.weight_kg > 0 THEN CAST(c.max_day_g / w.weight_kg AS DECIMAL(9, 3))
        END AS day_g_per_kg,
        CASE
            WHEN w.weight_kg > 0 THEN CAST(c.dose_g / w.weight_kg AS DECIMAL(9, 3))
        END AS total_g_per_kg
    FROM audit.verdict AS v
    INNER JOIN derived.course AS c ON v.course_key = c.course_key
    INNER JOIN temp.first_set AS f ON v.set_key = f.set_key
    INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
    CROSS JOIN report.period AS p
    LEFT JOIN derived.dosing_weight AS w
        ON
            c.course_key = w.course_key
            AND r.weight_policy = w.weight_policy
            AND w.role = 'policy'
    WHERE
        v.kind = 'regimen'
        AND v.status <> 'not_applicable'
        AND NOT c.is_open
        AND c.started_on >= p.from_on
        AND c.started_on <= p.to_on
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
