-- One row per observation rule and patient with a session that it could apply to: the sessions,
-- what was seen in them ("observed, none" told from "not recorded"), and whether they were watched
-- as the rule asks; `cites` are those that were not. The check and the report both add it up.
-- By session: audit.observation_session.
SELECT
    rule_key,
    set_key,
    patient_key,
    COUNT(*) AS n_sessions,
    COUNT(*) FILTER (WHERE found = 'none') AS n_none,
    COUNT(*) FILTER (WHERE found = 'reaction') AS n_reaction,
    COUNT(*) FILTER (WHERE found = 'not_recorded') AS n_not_recorded,
    COUNT(*) FILTER (WHERE is_kept) AS n_kept,
    COUNT(*) FILTER (WHERE NOT is_kept AND doubt IS NULL) AS n_missed,
    COUNT(*) FILTER (WHERE doubt IS NOT NULL) AS n_unknown,
    MIN(doubt) AS doubt,
    LIST(
        { 'record': 'infusion', 'record_key': session_key, 'role': 'given' } ORDER BY session_key
    ) FILTER (WHERE NOT is_kept AND doubt IS NULL) AS cites
FROM audit.observation_session
GROUP BY rule_key, set_key, patient_key
