-- One row per monitoring rule: the courses or sessions it was asked of, whether a test was in its
-- window, missed or not known, and the share of those known (NULL where none is).
SELECT
    r.rule_id,
    g.set_id,
    r.statement,
    r.effective_severity,
    COUNT(v.rule_key) AS n_asked,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_taken,
    COUNT(*) FILTER (WHERE v.status = 'breached') AS n_missed,
    COUNT(DISTINCT v.patient_key) FILTER (WHERE v.status = 'breached') AS n_patients_missed,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_unknown,
    COUNT(*) FILTER (WHERE v.reason = 'sample_time_unknown') AS n_time_unknown,
    CAST(
        COUNT(*) FILTER (WHERE v.status = 'met')
        / NULLIF(COUNT(*) FILTER (WHERE v.status IN ('met', 'breached')), 0) AS DECIMAL(9, 6)
    ) AS share_taken
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN audit.verdict AS v
    ON r.rule_key = v.rule_key AND v.kind = 'monitoring' AND v.status != 'not_applicable'
WHERE r.kind = 'monitoring'
GROUP BY r.rule_id, g.set_id, r.statement, r.effective_severity
