-- One row per observation rule: the sessions it was asked of, what was seen in them ("observed,
-- none" told from "not recorded"), and whether they were watched as it asks.
WITH counted AS (
    SELECT
        rule_key,
        n_sessions,
        n_none,
        n_reaction,
        n_not_recorded,
        n_kept,
        n_missed,
        n_unknown
    FROM audit.observation_patient
    UNION ALL
    -- a rule that no session asks for is known to have none: a true zero
    SELECT
        rule_key,
        0 AS n_sessions,
        0 AS n_none,
        0 AS n_reaction,
        0 AS n_not_recorded,
        0 AS n_kept,
        0 AS n_missed,
        0 AS n_unknown
    FROM guideline.rule
    WHERE kind = 'observation'
)

SELECT
    r.rule_id,
    g.set_id,
    r.statement,
    r.effective_severity,
    SUM(c.n_sessions) AS n_sessions,
    SUM(c.n_none) AS n_none,
    SUM(c.n_reaction) AS n_reaction,
    SUM(c.n_not_recorded) AS n_not_recorded,
    SUM(c.n_kept) AS n_kept,
    SUM(c.n_missed) AS n_missed,
    SUM(c.n_unknown) AS n_unknown,
    CAST(SUM(c.n_kept) / NULLIF(SUM(c.n_sessions - c.n_unknown), 0) AS DECIMAL(9, 6))
        AS share_kept
FROM counted AS c
INNER JOIN guideline.rule AS r ON c.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
GROUP BY r.rule_id, g.set_id, r.statement, r.effective_severity
