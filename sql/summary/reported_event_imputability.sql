-- One row per event and imputability told, the surest of its reports (NULL: none is told).
SELECT
    c.event_code,
    w.name,
    c.imputability,
    COUNT(*) AS n_events,
    COUNT(*) FILTER (WHERE c.is_serious) AS n_serious
FROM temp.counted_event AS c
LEFT JOIN guideline.event AS w ON c.event_code = w.event_code
GROUP BY c.event_code, w.name, c.imputability
