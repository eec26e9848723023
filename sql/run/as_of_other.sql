-- One row: the last day with a medicine, a result or an encounter, for a source that tells of no
-- immune globulin at all; leaving out late days as for infusions.
WITH day AS (
    SELECT started_on AS happened_on
    FROM staged.medication
    WHERE started_on IS NOT NULL
    UNION ALL
    SELECT collected_on
    FROM staged.lab_result
    WHERE collected_on IS NOT NULL
    UNION ALL
    SELECT started_on
    FROM staged.encounter
    WHERE started_on IS NOT NULL
),

edge AS (
    SELECT QUANTILE_DISC(happened_on, 0.999) AS late_on
    FROM day
)

SELECT MAX(day.happened_on) AS as_of
FROM day
CROSS JOIN edge
WHERE day.happened_on <= edge.late_on + 60
