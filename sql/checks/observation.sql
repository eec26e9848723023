-- One row per observation rule and patient with a session that it could apply to: was every such
-- session watched as the rule asks? A patient with one that was not is breached, else one with one
-- that nobody knows about is not assessable. By session: audit.observation_session.
-- Whether somebody watched never makes a course off guideline.
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
FROM audit.observation_patient
