-- One row per vaccine rule and answer: the vaccinations it was given for. A breach is told by its
-- clause, anything else that is not plainly met by its reason.
SELECT
    r.rule_id,
    g.set_id,
    v.status,
    CASE WHEN v.status = 'breached' THEN v.clause ELSE v.reason END AS answer,
    COUNT(*) AS n_vaccinations,
    COUNT(DISTINCT v.patient_key) AS n_patients
FROM audit.verdict AS v
INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
WHERE v.kind = 'vaccine_interval'
GROUP BY ALL
