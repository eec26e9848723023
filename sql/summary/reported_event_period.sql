-- One row: all reports and distinct events supplied, those that lie outside the period, and the
-- shortest and the longest clock of a serious event.
WITH clock AS (
    SELECT
        MIN(clock_days) AS short_clock_days,
        MAX(clock_days) AS long_clock_days
    FROM guideline.seriousness
)

SELECT
    SUM(e.n_reports) AS n_reports,
    COUNT(e.reported_event_key) AS n_events,
    COUNT(e.reported_event_key) FILTER (WHERE c.reported_event_key IS NULL) AS n_outside_period,
    MAX(k.short_clock_days) AS short_clock_days,
    MAX(k.long_clock_days) AS long_clock_days
FROM clock AS k
LEFT JOIN derived.reported_event AS e ON TRUE
LEFT JOIN temp.counted_event AS c ON e.reported_event_key = c.reported_event_key
