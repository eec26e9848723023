-- One row per event and reason for which a detected event of an exposure of closed months is listed
-- and not counted: such events, as they are. An event with two reasons stands in two lines.
WITH told AS (
    SELECT
        event,
        event_name,
        UNNEST(STRING_SPLIT(guards, ' ')) AS guard
    FROM temp.closed_event
    WHERE guards IS NOT NULL
)

SELECT
    event || '/' || guard AS line_id,
    event_name AS title,
    FALSE AS is_total,
    'flagged' AS measure,
    'count' AS kind,
    'value' AS shown,
    CAST(COUNT(*) AS INTEGER) AS printed
FROM told
GROUP BY event, event_name, guard
