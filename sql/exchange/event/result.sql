-- One row per draft and laboratory result that shows the event by one of our definitions.
SELECT DISTINCT
    c.case_id,
    r.collected_on,
    r.collected_at,
    r.test_code,
    l.analyte,
    r.value AS amount,
    r.comparator,
    r.unit,
    r.value_text
FROM temp.chosen_case AS c
INNER JOIN audit.detected_event AS d
    ON
        (c.origin = 'detected' AND c.event_key = d.detected_event_key)
        OR (c.origin = 'reported' AND c.event_key = d.reported_event_key)
INNER JOIN audit.detected_evidence AS e
    ON d.detected_event_key = e.detected_event_key AND e.record = 'lab_result'
INNER JOIN staged.lab_result AS r ON e.record_key = r.lab_result_key
LEFT JOIN derived.lab_result AS l ON r.lab_result_key = l.lab_result_key
ORDER BY ALL
