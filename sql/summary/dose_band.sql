-- One row per rule, regimen and measure the rule limits: the permitted band as printed, and
-- with the set's tolerance on either side (an open limit is NULL).
WITH limited AS (
    SELECT
        rule_key,
        regimen_key,
        label,
        'day' AS measure,
        day_min_g_per_kg AS low_g_per_kg,
        day_max_g_per_kg AS high_g_per_kg
    FROM guideline.regimen
    WHERE day_min_g_per_kg IS NOT NULL OR day_max_g_per_kg IS NOT NULL
    UNION ALL
    SELECT
        rule_key,
        regimen_key,
        label,
        'total' AS measure,
        total_min_g_per_kg AS low_g_per_kg,
        total_max_g_per_kg AS high_g_per_kg
    FROM guideline.regimen
    WHERE total_min_g_per_kg IS NOT NULL OR total_max_g_per_kg IS NOT NULL
)

SELECT
    l.rule_key,
    r.rule_id,
    g.set_id,
    l.regimen_key,
    l.label,
    l.measure,
    l.low_g_per_kg,
    l.high_g_per_kg,
    g.dose_tolerance,
    CAST(l.low_g_per_kg * (1 - g.dose_tolerance) AS DECIMAL(9, 3)) AS tolerated_low_g_per_kg,
    CAST(l.high_g_per_kg * (1 + g.dose_tolerance) AS DECIMAL(9, 3)) AS tolerated_high_g_per_kg
FROM limited AS l
INNER JOIN guideline.rule AS r ON l.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
WHERE NOT g.is_house
