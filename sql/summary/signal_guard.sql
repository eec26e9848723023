-- One row per event and reason for which a detected event is listed and not counted.
WITH told AS (
    SELECT
        event,
        event_name,
        UNNEST(STRING_SPLIT(guards, ' ')) AS guard
    FROM audit.detected_event
    WHERE guards IS NOT NULL
),

why AS (
    SELECT
        event,
        word,
        MIN(why) AS why,
        MIN(status) AS status,
        MIN(source) AS read_in
    FROM guideline.event_guard
    GROUP BY event, word
)

SELECT
    t.event,
    t.event_name,
    t.guard,
    COUNT(*) AS n_events,
    MIN(w.why) AS why,
    MIN(w.status) AS status,
    MIN(w.read_in) AS read_in
FROM told AS t
LEFT JOIN why AS w ON t.event = w.event AND t.guard = w.word
GROUP BY t.event, t.event_name, t.guard
