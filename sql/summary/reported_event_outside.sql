-- One row per reported event outside every window of its kind: how many days after the start of
-- the last session before it (NULL: none before it).
SELECT
    c.reported_event_key,
    c.event_code,
    w.name,
    c.is_serious,
    MIN(DATE_DIFF('day', s.started_on, c.onset_on)) AS days_after
FROM temp.counted_event AS c
LEFT JOIN guideline.event AS w ON c.event_code = w.event_code
LEFT JOIN derived.session AS s
    ON c.patient_key = s.patient_key AND c.onset_on >= s.started_on
WHERE c.attribution = 'outside_every_window'
GROUP BY c.reported_event_key, c.event_code, w.name, c.is_serious
