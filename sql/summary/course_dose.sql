-- One row per rule on dose, closed course it applies to and measure (grams per kg and day,
-- or per kg and course), by the set's own dosing weight.
-- A working table: the chapter on dose per kg reads it, and it is dropped afterwards.
WITH applied AS (
    SELECT DISTINCT
        v.rule_key,
        v.subject_key AS course_key
    FROM audit.verdict AS v
    INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
    WHERE
        v.subject_kind = 'course'
        AND r.kind = 'regimen'
        AND v.status IN ('met', 'breached', 'not_assessable')
),

dosed AS (
    SELECT
        a.rule_key,
        c.indication_code,
        c.course_key,
        CASE
            WHEN w.weight_kg > 0
                THEN CAST(c.max_day_g / w.weight_kg AS DECIMAL(9, 3))
        END AS day_g_per_kg,
        CASE
            WHEN w.weight_kg > 0
                THEN CAST(c.dose_g / w.weight_kg AS DECIMAL(9, 3))
        END AS total_g_per_kg
    FROM applied AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
    CROSS JOIN report.period AS p
    LEFT JOIN derived.dosing_weight AS w
        ON
            c.course_key = w.course_key
            AND g.weight_policy = w.weight_policy
            AND w.role = 'policy'
    WHERE
        NOT c.is_open
        AND NOT g.is_house
        AND c.started_on >= p.from_on
        AND c.started_on <= p.to_on
)

SELECT
    rule_key,
    indication_code,
    course_key,
    'day' AS measure,
    day_g_per_kg AS g_per_kg
FROM dosed
UNION ALL
SELECT
    rule_key,
    indication_code,
    course_key,
    'total' AS measure,
    total_g_per_kg AS g_per_kg
FROM dosed
