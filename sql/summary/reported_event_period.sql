-- One row: all reports and distinct events supplied, and those that lie outside the period.
SELECT
    SUM(e.n_reports) AS n_reports,
    COUNT(*) AS n_events,
    COUNT(*) FILTER (WHERE c.reported_event_key IS NULL) AS n_outside_period
FROM derived.reported_event AS e
LEFT JOIN temp.counted_event AS c ON e.reported_event_key = c.reported_event_key
