-- One row per kind of figure, unit that is recorded and month in which something happened to it.
-- A working table of the stage.
SELECT
    ascertainment,
    population,
    event_code,
    unit_kind,
    product_id,
    unit_id,
    IF(unit_kind = 'lot', product_id, unit_kind) AS peers,
    month_on,
    events,
    n_cases
FROM audit.unit_event
WHERE unit_id IS NOT NULL
