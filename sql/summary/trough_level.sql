-- One row per rule on a trough: the courses before which one was taken in settled treatment, how
-- many were at the level or above it, below it or could not be told, and the patients with one
-- below.
SELECT
    r.rule_id,
    g.set_id,
    r.statement,
    r.effective_severity,
    COUNT(v.rule_key) AS n_troughs,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_enough,
    COUNT(*) FILTER (WHERE v.status = 'breached') AS n_low,
    COUNT(DISTINCT v.patient_key) FILTER (WHERE v.status = 'breached') AS n_patients_low,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_unknown,
    CAST(
        COUNT(*) FILTER (WHERE v.status = 'met')
        / NULLIF(COUNT(*) FILTER (WHERE v.status IN ('met', 'breached')), 0) AS DECIMAL(9, 6)
    ) AS share_enough
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN audit.verdict AS v ON r.rule_key = v.rule_key AND v.kind = 'trough'
WHERE r.kind = 'trough'
GROUP BY r.rule_id, g.set_id, r.statement, r.effective_severity
