-- One row per rule, regimen and condition that decides about a verdict and that the records do not
-- hold. The regimen is named where the condition is that of its repeat. A rate that only some may
-- have is left out: its condition belongs to the product's limit.
SELECT
    r.rule_id,
    s.set_id,
    v.kind,
    CASE WHEN v.clause = 'repeat' THEN g.label END AS regimen,
    CASE
        WHEN v.clause = 'repeat' THEN COALESCE(g.repeat_condition, r.condition)
        ELSE r.condition
    END AS condition,
    COUNT(*) AS n_verdicts,
    COUNT(DISTINCT v.patient_key) AS n_patients
FROM audit.verdict AS v
INNER JOIN guideline.guideline_set AS s ON v.set_key = s.set_key
INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
LEFT JOIN guideline.regimen AS g ON v.regimen_key = g.regimen_key
WHERE v.status = 'not_assessable' AND v.reason = 'condition_unknown'
GROUP BY ALL
HAVING condition IS NOT NULL
