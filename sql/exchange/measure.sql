-- One row per rule in force, with its set: what a measure says of itself.
SELECT
    r.rule_id,
    r.kind,
    r.statement,
    r.why,
    r.status,
    r.valid_from,
    r.valid_to,
    r.source_title,
    r.source_locator,
    r.source_url,
    s.set_id,
    s.title AS set_title,
    s.publisher,
    s.version
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
ORDER BY r.rule_id
