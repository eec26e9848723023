-- One row per adverse event and per case definition: its name.
-- A working table: the tables on rates and comparisons read it.
SELECT
    event_code,
    name AS event_name,
    FALSE AS is_definition
FROM guideline.event
UNION ALL
SELECT
    definition_id AS event_code,
    title AS event_name,
    TRUE AS is_definition
FROM guideline.definition
