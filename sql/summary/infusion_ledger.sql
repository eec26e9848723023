-- One row per class of staged infusion (dispensing, when no infusion was supplied): counted
-- in this report, or why not. The classes add up to all of them.
WITH classed AS (
    SELECT
        i.dose_g,
        CASE
            WHEN i.exclusion IS NOT NULL THEN i.exclusion
            WHEN i.started_on IS NULL THEN 'date_unknown'
            WHEN i.started_on < p.from_on OR i.started_on > p.to_on THEN 'outside_period'
            ELSE 'counted'
        END AS row_class
    FROM derived.infusion AS i
    CROSS JOIN report.period AS p
)

SELECT
    row_class,
    row_class = 'counted' AS is_counted,
    COUNT(*) AS n_rows,
    SUM(dose_g) AS grams,
    COUNT(*) FILTER (WHERE dose_g IS NULL) AS n_without_grams
FROM classed
GROUP BY row_class
