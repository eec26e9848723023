-- One row per observation rule and patient with a session that it could apply to: was every such
-- session watched as the rule asks? A patient with one that was not is breached, else one with one
-- that nobody knows about is not assessable. By session: audit.observation_session.
-- Whether somebody watched never makes a course off guideline.
WITH gathered AS (
    SELECT
        rule_key,
        set_key,
        patient_key,
        COUNT(*) AS n_sessions,
        COUNT(*) FILTER (WHERE is_kept) AS n_kept,
        COUNT(*) FILTER (WHERE NOT is_kept AND doubt IS NULL) AS n_missed,
        MIN(doubt) AS doubt,
        LIST(
            { 'record': 'infusion', 'record_key': session_key, 'role': 'given' }
            ORDER BY session_key
        ) FILTER (WHERE NOT is_kept AND doubt IS NULL) AS cites
    FROM audit.observation_session
    GROUP BY rule_key, set_key, patient_key
)

SELECT
    rule_key,
    set_key,
    'patient' AS subject_kind,
    patient_key AS subject_key,
    CAST(NULL AS INTEGER) AS course_key,
    patient_key,
    CASE
        WHEN n_missed > 0 THEN 'breached'
        WHEN n_kept < n_sessions THEN 'not_assessable'
        ELSE 'met'
    END AS status,
    CASE WHEN n_missed = 0 AND n_kept < n_sessions THEN doubt END AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'observation' AS clause,
    IF(n_missed > 0, n_missed || ' of ' || n_sessions || ' sessions', NULL) AS workings,
    cites
FROM gathered
