-- One row per card and case definition of its event: what it says, side by side.
SELECT
    k.detected_event_key,
    d.definition_key,
    d.definition_id,
    d.title,
    d.status AS definition_status,
    d.source,
    COALESCE(s.status, 'not_evaluable') AS status,
    CASE
        WHEN NOT a.is_answerable THEN 'in_no_record'
        WHEN s.status IS NULL THEN 'not_measured'
        ELSE s.reason
    END AS reason,
    s.stage,
    s.observed,
    s.baseline,
    s.unit,
    s.guards,
    s.is_counted
FROM report.detected_card AS k
INNER JOIN audit.detected_event AS e ON k.detected_event_key = e.detected_event_key
INNER JOIN guideline.definition AS d ON k.event = d.event
INNER JOIN report.signal_definition AS a ON d.definition_id = a.definition_id
LEFT JOIN audit.signal AS s
    ON
        d.definition_id = s.definition_id
        AND e.subject_kind = s.subject_kind
        AND e.subject_key = s.subject_key
