-- One row per day with serious reported events laid to a session of the period: by their onset, or
-- the start of the session where that is not known.
SELECT
    COALESCE(e.onset_on, s.started_on) AS happened_on,
    COUNT(*) AS n_events
FROM temp.compared_case AS c
INNER JOIN derived.reported_event AS e ON c.case_key = e.reported_event_key
INNER JOIN temp.compared_session AS s ON c.session_key = s.session_key
WHERE c.ascertainment = 'reported_serious'
GROUP BY happened_on
ORDER BY happened_on
