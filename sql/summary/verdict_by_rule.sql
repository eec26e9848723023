-- One row per rule in force: its verdicts by status, breaches by the severity that applied;
-- and one per set and kind for the subjects no rule of the set could be chosen for.
SELECT
    r.rule_key,
    g.set_id,
    g.is_house,
    r.rule_id,
    r.kind,
    COUNT(v.rule_key) AS n_verdicts,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_met,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.severity = 'off_guideline') AS n_off,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.severity = 'review') AS n_review,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.severity = 'advisory') AS n_advisory,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_not_assessable,
    COUNT(*) FILTER (WHERE v.status = 'not_applicable') AS n_not_applicable
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN audit.verdict AS v ON r.rule_key = v.rule_key
GROUP BY r.rule_key, g.set_id, g.is_house, r.rule_id, r.kind
UNION ALL
SELECT
    NULL AS rule_key,
    g.set_id,
    g.is_house,
    NULL AS rule_id,
    v.kind,
    COUNT(*) AS n_verdicts,
    0 AS n_met,
    0 AS n_off,
    0 AS n_review,
    0 AS n_advisory,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_not_assessable,
    COUNT(*) FILTER (WHERE v.status = 'not_applicable') AS n_not_applicable
FROM audit.verdict AS v
INNER JOIN guideline.guideline_set AS g ON v.set_key = g.set_key
WHERE v.rule_key IS NULL
GROUP BY g.set_id, g.is_house, v.kind
