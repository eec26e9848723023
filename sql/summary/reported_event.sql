-- One row per event that was reported, and one for all (`part` all): what is known of it.
-- The days after an onset within which a death is counted are 30†.
WITH every AS (
    SELECT
        'event' AS part,
        *
    FROM temp.counted_event
    UNION ALL
    SELECT
        'all' AS part,
        * REPLACE (NULL AS event_code)
    FROM temp.counted_event
),

session_total AS (
    SELECT COUNT(*) FILTER (WHERE is_session_start) AS n_sessions
    FROM temp.counted_infusion
)

SELECT
    e.part,
    e.event_code,
    w.name,
    w.from_anchor,
    w.from_hours,
    w.to_anchor,
    w.to_hours,
    w.window_status,
    w.window_source,
    SUM(e.n_reports) AS n_reports,
    COUNT(*) AS n_events,
    COUNT(DISTINCT e.patient_key) AS n_patients,
    COUNT(*) FILTER (WHERE e.symptoms IS NOT NULL) AS n_composite,
    COUNT(*) FILTER (WHERE e.is_serious) AS n_serious,
    COUNT(*) FILTER (WHERE NOT e.is_serious) AS n_not_serious,
    COUNT(*) FILTER (WHERE e.is_serious IS NULL) AS n_serious_unknown,
    COUNT(*) FILTER (WHERE e.is_serious IS NULL AND t.is_medically_important) AS n_to_review,
    COUNT(*) FILTER (WHERE e.clock = 'in_time') AS n_in_time,
    COUNT(*) FILTER (WHERE e.clock = 'late') AS n_late,
    COUNT(*) FILTER (WHERE e.clock = 'unknown') AS n_clock_unknown,
    COUNT(*) FILTER (
        WHERE e.attribution IN
        ('named_infusion', 'in_window', 'several_sessions', 'several_courses')
    ) AS n_attributed,
    COUNT(*) FILTER (WHERE e.attribution = 'time_unknown') AS n_time_unknown,
    COUNT(*) FILTER (WHERE e.attribution = 'outside_every_window') AS n_outside,
    COUNT(*) FILTER (WHERE e.attribution = 'no_window') AS n_no_window,
    COUNT(*) FILTER (WHERE e.onset_on IS NULL) AS n_no_onset,
    COUNT(*) FILTER (WHERE e.attribution = 'no_onset') AS n_unplaced,
    COUNT(DISTINCT e.patient_key) FILTER (
        WHERE e.days_to_death >= 0 AND e.days_to_death <= 30
    ) AS n_deaths,
    COUNT(DISTINCT e.patient_key) FILTER (
        WHERE e.is_dead AND e.days_to_death IS NULL
    ) AS n_deaths_unknown,
    COUNT(*) FILTER (WHERE e.is_rated) AS n_rated,
    MAX(n.n_sessions) AS n_sessions
FROM every AS e
CROSS JOIN session_total AS n
LEFT JOIN guideline.event AS w ON e.event_code = w.event_code
LEFT JOIN temp.counted_event AS c ON e.reported_event_key = c.reported_event_key
LEFT JOIN guideline.event AS t ON c.event_code = t.event_code
GROUP BY
    e.part, e.event_code, w.name, w.from_anchor, w.from_hours, w.to_anchor, w.to_hours,
    w.window_status, w.window_source
