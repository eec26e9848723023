-- One row per precaution rule: the courses it was asked of, by what it said.
SELECT
    r.rule_key,
    r.rule_id,
    g.set_id,
    r.statement,
    COUNT(v.rule_key) AS n_courses,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.severity != 'advisory') AS n_review,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.severity = 'advisory') AS n_advisory,
    COUNT(DISTINCT v.patient_key) FILTER (WHERE v.status = 'breached') AS n_patients,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_absent,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_unknown
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN audit.verdict AS v ON r.rule_key = v.rule_key AND v.kind = 'precaution'
WHERE r.kind = 'precaution'
GROUP BY r.rule_key, r.rule_id, g.set_id, r.statement
