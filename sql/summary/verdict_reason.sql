-- One row per rule, status and reason a verdict was not given for. Where a set has no rule
-- that could be chosen (indication unknown, or not named), the rule is NULL and its kind stands.
SELECT
    r.rule_id,
    g.set_id,
    v.kind,
    v.status,
    v.reason,
    COUNT(*) AS n_verdicts,
    COUNT(DISTINCT v.patient_key) AS n_patients
FROM audit.verdict AS v
INNER JOIN guideline.guideline_set AS g ON v.set_key = g.set_key
LEFT JOIN guideline.rule AS r ON v.rule_key = r.rule_key
WHERE v.status IN ('not_assessable', 'not_applicable')
GROUP BY r.rule_id, g.set_id, v.kind, v.status, v.reason
