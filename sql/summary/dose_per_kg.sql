-- One row per rule, indication and measure the rule limits: closed courses below, inside,
-- between and above the tolerated bands, and where the middle of them lies.
WITH band AS (
    SELECT
        rule_key,
        measure,
        MIN(tolerated_low_g_per_kg) AS lowest,
        MAX(tolerated_high_g_per_kg) AS highest,
        -- one regimen without a limit on a side leaves that side open
        BOOL_OR(tolerated_low_g_per_kg IS NULL) AS is_open_below,
        BOOL_OR(tolerated_high_g_per_kg IS NULL) AS is_open_above
    FROM report.dose_band
    GROUP BY rule_key, measure
),

placed AS (
    SELECT
        d.rule_key,
        d.indication_code,
        d.measure,
        d.g_per_kg,
        d.n_courses,
        SUM(d.n_courses) FILTER (WHERE d.g_per_kg IS NOT NULL) OVER (
            PARTITION BY d.rule_key, d.indication_code, d.measure
            ORDER BY d.g_per_kg NULLS LAST
        ) AS n_up_to,
        SUM(d.n_courses) FILTER (WHERE d.g_per_kg IS NOT NULL) OVER (
            PARTITION BY d.rule_key, d.indication_code, d.measure
        ) AS n_known,
        CASE
            WHEN d.g_per_kg IS NULL THEN 'unknown'
            WHEN EXISTS (
                SELECT 1
                FROM report.dose_band AS r
                WHERE
                    r.rule_key = d.rule_key
                    AND r.measure = d.measure
                    AND (r.tolerated_low_g_per_kg IS NULL OR d.g_per_kg >= r.tolerated_low_g_per_kg)
                    AND (
                        r.tolerated_high_g_per_kg IS NULL
                        OR d.g_per_kg <= r.tolerated_high_g_per_kg
                    )
            ) THEN 'inside'
            WHEN NOT b.is_open_below AND d.g_per_kg < b.lowest THEN 'below'
            WHEN NOT b.is_open_above AND d.g_per_kg > b.highest THEN 'above'
            ELSE 'between'
        END AS place
    FROM temp.course_dose AS d
    INNER JOIN band AS b ON d.rule_key = b.rule_key AND d.measure = b.measure
),

summed AS (
    SELECT
        rule_key,
        indication_code,
        measure,
        SUM(n_courses) AS n_courses,
        SUM(CASE WHEN place = 'below' THEN n_courses ELSE 0 END) AS n_below,
        SUM(CASE WHEN place = 'inside' THEN n_courses ELSE 0 END) AS n_inside,
        SUM(CASE WHEN place = 'between' THEN n_courses ELSE 0 END) AS n_between,
        SUM(CASE WHEN place = 'above' THEN n_courses ELSE 0 END) AS n_above,
        SUM(CASE WHEN place = 'unknown' THEN n_courses ELSE 0 END) AS n_unknown,
        -- the smallest dose that at least this share of the courses does not exceed
        MIN(g_per_kg) FILTER (WHERE 20 * n_up_to >= n_known) AS p05_g_per_kg,
        MIN(g_per_kg) FILTER (WHERE 2 * n_up_to >= n_known) AS median_g_per_kg,
        MIN(g_per_kg) FILTER (WHERE 20 * n_up_to >= 19 * n_known) AS p95_g_per_kg
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
