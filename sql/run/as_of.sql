-- One row: the last day with an infusion or a dispensing, leaving out the days more than
-- 60 days after the 99.9th percentile, which are typing errors in the year.
WITH day AS (
    SELECT started_on AS happened_on
    FROM staged.infusion
    WHERE started_on IS NOT NULL
    UNION ALL
    SELECT dispensed_on
    FROM staged.dispensing
    WHERE dispensed_on IS NOT NULL
),

edge AS (
    SELECT QUANTILE_DISC(happened_on, 0.999) AS late_on
    FROM day
)

SELECT MAX(day.happened_on) AS as_of
FROM day
CROSS JOIN edge
WHERE day.happened_on <= edge.late_on + 60
