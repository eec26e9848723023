-- One row per reported event laid to a session of the period, and one for all: how many began when.
-- Hours from the start of the session where both have a time of day, else days between the dates;
-- without an onset it is in neither. Quartiles are of the hours.
WITH timed AS (
    SELECT
        c.event_code,
        e.onset_on,
        CASE
            WHEN e.onset_at IS NOT NULL AND s.started_at IS NOT NULL
                THEN CAST(
                    DATE_DIFF('second', s.started_at, e.onset_at) / 3600 AS DECIMAL(12, 2)
                )
        END AS hours
    FROM temp.counted_event AS c
    INNER JOIN derived.reported_event AS e ON c.reported_event_key = e.reported_event_key
    INNER JOIN derived.session AS s ON e.session_key = s.session_key
    WHERE c.is_rated
),

every AS (
    SELECT
        'event' AS part,
        *
    FROM timed
    UNION ALL
    SELECT
        'all' AS part,
        * REPLACE (NULL AS event_code)
    FROM timed
)

SELECT
    t.part,
    t.event_code,
    e.event_name,
    COUNT(*) AS n_events,
    COUNT(t.hours) AS n_hours,
    COUNT(*) FILTER (WHERE t.hours IS NULL AND t.onset_on IS NOT NULL) AS n_days,
    COUNT(*) FILTER (WHERE t.onset_on IS NULL) AS n_without,
    QUANTILE_DISC(t.hours, 0.25) AS first_quartile_h,
    QUANTILE_DISC(t.hours, 0.5) AS median_h,
    QUANTILE_DISC(t.hours, 0.75) AS third_quartile_h
FROM every AS t
LEFT JOIN temp.event_named AS e ON t.event_code = e.event_code AND NOT e.is_definition
GROUP BY t.part, t.event_code, e.event_name
