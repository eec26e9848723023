-- One row: the last day with an infusion or a dispensing, leaving out the days more than
-- 60 days after the 99.9th percentile, which are typing errors in the year.
-- A source that knows of both and has none is dated by its other records in the same way.
WITH mapped AS (
    SELECT SUM(mapped_rows) AS n_rows
    FROM audit.record_ledger
    WHERE record IN ('infusion', 'dispensing')
),

day AS (
    SELECT started_on AS happened_on
    FROM staged.infusion
    WHERE started_on IS NOT NULL
    UNION ALL
    SELECT dispensed_on
    FROM staged.dispensing
    WHERE dispensed_on IS NOT NULL
    UNION ALL
    SELECT m.started_on
    FROM staged.medication AS m
    CROSS JOIN mapped
    WHERE mapped.n_rows = 0
    UNION ALL
    SELECT e.started_on
    FROM staged.encounter AS e
    CROSS JOIN mapped
    WHERE mapped.n_rows = 0
),

edge AS (
    SELECT QUANTILE_DISC(happened_on, 0.999) AS late_on
    FROM day
)

SELECT MAX(day.happened_on) AS as_of
FROM day
CROSS JOIN edge
WHERE day.happened_on <= edge.late_on + 60
