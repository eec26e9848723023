-- One row per kind of figure: how events came to be known, which population they are counted in
-- and which event (NULL: all). An event that was reported and laid to no session is one of them
-- too, if a window could have laid it to one: its rate is none, not missing. Case definitions
-- compete, so there is no sum of them.
-- A working table of the stage.
WITH supplied AS (
    SELECT UNNEST(['reported', 'reported_serious']) AS ascertainment
    FROM audit.record_supplied
    WHERE record = 'adverse_event'
),

told AS (
    SELECT
        e.event_code,
        e.is_serious
    FROM derived.reported_event AS e
    INNER JOIN guideline.event AS w ON e.event_code = w.event_code
    WHERE w.to_hours IS NOT NULL
),

uncounted AS (
    SELECT definition_id
    FROM guideline.definition
    WHERE is_observation OR is_imputed OR is_advisory
)

SELECT
    ascertainment,
    'reported' AS population,
    NULL AS event_code
FROM supplied
UNION
SELECT
    'reported' AS ascertainment,
    'reported' AS population,
    event_code
FROM told
UNION
SELECT
    'reported_serious' AS ascertainment,
    'reported' AS population,
    event_code
FROM told
WHERE is_serious
UNION
SELECT
    ascertainment,
    population,
    event_code
FROM temp.compared_case
UNION
SELECT
    'detected' AS ascertainment,
    s.definition_id AS population,
    s.definition_id AS event_code
FROM audit.signal AS s
-- what never counts has no rate, not one of nothing
ANTI JOIN uncounted AS u ON s.definition_id = u.definition_id
