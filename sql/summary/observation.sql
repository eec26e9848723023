-- One row per observation rule: the sessions it was asked of, what was seen in them ("observed,
-- none" told from "not recorded"), and whether they were watched as it asks.
SELECT
    r.rule_id,
    g.set_id,
    r.statement,
    r.effective_severity,
    COUNT(o.session_key) AS n_sessions,
    COUNT(*) FILTER (WHERE o.found = 'none') AS n_none,
    COUNT(*) FILTER (WHERE o.found = 'reaction') AS n_reaction,
    COUNT(*) FILTER (WHERE o.found = 'not_recorded') AS n_not_recorded,
    COUNT(*) FILTER (WHERE o.is_kept) AS n_kept,
    COUNT(*) FILTER (WHERE NOT o.is_kept AND o.doubt IS NULL) AS n_missed,
    COUNT(*) FILTER (WHERE o.doubt IS NOT NULL) AS n_unknown,
    CAST(
        COUNT(*) FILTER (WHERE o.is_kept)
        / NULLIF(COUNT(*) FILTER (WHERE o.doubt IS NULL AND o.session_key IS NOT NULL), 0)
        AS DECIMAL(9, 6)
    ) AS share_kept
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN audit.observation_session AS o ON r.rule_key = o.rule_key
WHERE r.kind = 'observation'
GROUP BY r.rule_id, g.set_id, r.statement, r.effective_severity
