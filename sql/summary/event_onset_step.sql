-- One row per step of time after the start of the session, in hours where onset and start have a
-- time of day and else in days between their dates: the reported events of the period that began
-- within it, and up to its end. The steps are our own†.
WITH step AS (
    SELECT
        UNNEST(['hours', 'hours', 'hours', 'hours', 'hours', 'hours', 'hours', 'hours']) AS clock,
        UNNEST([0, 1, 4, 12, 24, 72, 168, 336]) AS from_time,
        UNNEST([1, 4, 12, 24, 72, 168, 336, NULL]) AS to_time
    UNION ALL
    SELECT
        UNNEST(['days', 'days', 'days', 'days', 'days', 'days']) AS clock,
        UNNEST([0, 1, 2, 4, 8, 15]) AS from_time,
        UNNEST([1, 2, 4, 8, 15, NULL]) AS to_time
),

timed AS (
    SELECT
        IF(e.onset_at IS NULL OR s.started_at IS NULL, 'days', 'hours') AS clock,
        IF(
            e.onset_at IS NULL OR s.started_at IS NULL,
            DATE_DIFF('day', s.started_on, e.onset_on),
            DATE_SUB('hour', s.started_at, e.onset_at)
        ) AS apart
    FROM temp.counted_event AS c
    INNER JOIN derived.reported_event AS e ON c.reported_event_key = e.reported_event_key
    INNER JOIN derived.session AS s ON e.session_key = s.session_key
    WHERE c.is_rated AND e.onset_on IS NOT NULL
)

SELECT
    p.clock,
    p.from_time,
    p.to_time,
    COUNT(*) FILTER (WHERE t.apart >= p.from_time AND (t.apart < p.to_time) IS NOT FALSE)
        AS n_events,
    COUNT(*) FILTER (WHERE (t.apart < p.to_time) IS NOT FALSE) AS n_so_far,
    COUNT(*) AS n_clock
FROM step AS p
INNER JOIN timed AS t ON p.clock = t.clock
GROUP BY p.clock, p.from_time, p.to_time
