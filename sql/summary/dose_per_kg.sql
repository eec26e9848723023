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
    FROM report.course_dose AS d
    INNER JOIN band AS b ON d.rule_key = b.rule_key AND d.measure = b.measure
)

SELECT
    p.rule_key,
    r.rule_id,
    g.set_id,
    p.indication_code,
    n.name,
    p.measure,
    COUNT(*) AS n_courses,
    COUNT(*) FILTER (WHERE p.place = 'below') AS n_below,
    COUNT(*) FILTER (WHERE p.place = 'inside') AS n_inside,
    COUNT(*) FILTER (WHERE p.place = 'between') AS n_between,
    COUNT(*) FILTER (WHERE p.place = 'above') AS n_above,
    COUNT(*) FILTER (WHERE p.place = 'unknown') AS n_unknown,
    QUANTILE_DISC(p.g_per_kg, 0.05) AS p05_g_per_kg,
    QUANTILE_DISC(p.g_per_kg, 0.5) AS median_g_per_kg,
    QUANTILE_DISC(p.g_per_kg, 0.95) AS p95_g_per_kg
FROM placed AS p
INNER JOIN guideline.rule AS r ON p.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN guideline.indication AS n ON p.indication_code = n.indication_code
GROUP BY p.rule_key, r.rule_id, g.set_id, p.indication_code, n.name, p.measure
