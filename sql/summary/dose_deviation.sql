-- One row per rule of the first set on dose, indication and measure the rule limits: closed courses
-- by how far the dose lies from the band as printed, tolerance not taken off: (given - limit) /
-- limit, signed, nought inside; of several bands the nearest counts. By the rule's own weight.
WITH compared AS (
    SELECT
        d.rule_key,
        d.indication_code,
        d.measure,
        d.g_per_kg,
        d.n_courses,
        CAST(
            CASE
                WHEN d.g_per_kg < b.low_g_per_kg
                    THEN (d.g_per_kg - b.low_g_per_kg) / NULLIF(b.low_g_per_kg, 0)
                WHEN d.g_per_kg > b.high_g_per_kg
                    THEN (d.g_per_kg - b.high_g_per_kg) / NULLIF(b.high_g_per_kg, 0)
                WHEN d.g_per_kg IS NOT NULL THEN 0
            END AS DECIMAL(12, 6)
        ) AS deviation
    FROM temp.course_dose AS d
    INNER JOIN report.dose_band AS b ON d.rule_key = b.rule_key AND d.measure = b.measure
),

nearest AS (
    SELECT
        rule_key,
        indication_code,
        measure,
        n_courses,
        -- of two as near the one below: an under-dose accuses nobody
        ARG_MIN(deviation, (ABS(deviation), deviation)) AS deviation
    FROM compared
    GROUP BY rule_key, indication_code, measure, g_per_kg, n_courses
),

placed AS (
    SELECT
        *,
        SUM(n_courses) FILTER (WHERE deviation IS NOT NULL) OVER (
            PARTITION BY rule_key, indication_code, measure
            ORDER BY deviation NULLS LAST
        ) AS n_up_to,
        SUM(n_courses) FILTER (WHERE deviation IS NOT NULL) OVER (
            PARTITION BY rule_key, indication_code, measure
        ) AS n_known,
        CASE
            WHEN deviation IS NULL THEN 'unknown'
            WHEN deviation < -0.25 THEN 'below_25'
            WHEN deviation < -0.1 THEN 'below_10'
            WHEN deviation < 0 THEN 'below_0'
            WHEN deviation = 0 THEN 'inside'
            WHEN deviation <= 0.1 THEN 'above_0'
            WHEN deviation <= 0.25 THEN 'above_10'
            WHEN deviation > 0.25 THEN 'above_25'
        END AS place
    FROM nearest
),

summed AS (
    SELECT
        rule_key,
        indication_code,
        measure,
        SUM(CASE WHEN place = 'below_25' THEN n_courses ELSE 0 END) AS n_below_25,
        SUM(CASE WHEN place = 'below_10' THEN n_courses ELSE 0 END) AS n_below_10,
        SUM(CASE WHEN place = 'below_0' THEN n_courses ELSE 0 END) AS n_below_0,
        SUM(CASE WHEN place = 'inside' THEN n_courses ELSE 0 END) AS n_inside,
        SUM(CASE WHEN place = 'above_0' THEN n_courses ELSE 0 END) AS n_above_0,
        SUM(CASE WHEN place = 'above_10' THEN n_courses ELSE 0 END) AS n_above_10,
        SUM(CASE WHEN place = 'above_25' THEN n_courses ELSE 0 END) AS n_above_25,
        SUM(CASE WHEN place = 'unknown' THEN n_courses ELSE 0 END) AS n_unknown,
        SUM(n_courses) AS n_courses,
        MIN(deviation) FILTER (WHERE 2 * n_up_to >= n_known) AS median_deviation
    FROM placed
    GROUP BY rule_key, indication_code, measure
)

SELECT
    r.rule_id,
    g.set_id,
    n.name,
    s.*
FROM summed AS s
INNER JOIN guideline.rule AS r ON s.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN guideline.indication AS n ON s.indication_code = n.indication_code
