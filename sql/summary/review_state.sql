-- One row per review rule in force: the treatments it was asked of, by what their reviews show.
SELECT
    r.rule_key,
    r.rule_id,
    g.set_id,
    r.statement,
    COUNT(v.rule_key) AS n_treatments,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_in_time,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.reason = 'review_overdue') AS n_overdue,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.reason = 'no_outcome') AS n_no_outcome,
    COUNT(*) FILTER (WHERE v.status = 'breached' AND v.reason = 'no_withdrawal_trial')
        AS n_no_trial,
    COUNT(*) FILTER (WHERE v.status = 'not_applicable') AS n_not_due,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_unknown
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN audit.verdict AS v ON r.rule_key = v.rule_key AND v.kind = 'review'
WHERE r.kind = 'review'
GROUP BY r.rule_key, r.rule_id, g.set_id, r.statement
