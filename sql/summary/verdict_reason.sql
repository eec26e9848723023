-- One row per rule, status and reason a verdict was not given for.
SELECT
    r.rule_id,
    g.set_id,
    v.status,
    v.reason,
    COUNT(*) AS n_verdicts,
    COUNT(DISTINCT v.patient_key) AS n_patients
FROM audit.verdict AS v
INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
WHERE v.status IN ('not_assessable', 'not_applicable')
GROUP BY r.rule_id, g.set_id, v.status, v.reason
