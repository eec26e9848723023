-- One row per observation rule and session with a bag on record that it could apply to: was it
-- watched, was a reaction seen (`found`: none, reaction, not_recorded), how many minutes after its
-- end, and is that a miss? "Observed, none" is what every bag of it says; one without a word about
-- it leaves the session not recorded.
-- That nothing is recorded is a miss only where another session of the patient near it (the proof
-- days† of laboratory results) has it recorded: else nobody knows whether this is where it is kept.
WITH watched AS (
    SELECT
        d.session_key,
        BOOL_OR(i.reaction_observed) AS is_reaction_seen,
        COUNT(i.reaction_observed) = COUNT(*) AS is_told,
        MAX(i.observed_until) AS until_at,
        -- several products of a session are none
        IF(COUNT(DISTINCT d.product_id) = 1, MIN(d.product_id), NULL) AS product_id
    FROM derived.infusion AS d
    INNER JOIN staged.infusion AS i ON d.infusion_key = i.infusion_key
    WHERE
        d.record = 'infusion'
        AND d.session_key IS NOT NULL
        AND EXISTS (SELECT o.rule_key FROM guideline.observation AS o)
    GROUP BY d.session_key
),

held AS (
    SELECT
        s.session_key,
        s.course_key,
        s.patient_key,
        s.started_on,
        s.ended_at,
        w.is_reaction_seen,
        w.is_told,
        w.until_at,
        w.product_id
    FROM watched AS w
    INNER JOIN derived.session AS s ON w.session_key = s.session_key
),

near AS (
    -- of sessions that say nothing: does another one of the patient near it?
    SELECT
        h.session_key,
        BOOL_OR(NOT h.is_told AND t.is_told) AS is_told_near,
        BOOL_OR(h.until_at IS NULL AND t.until_at IS NOT NULL) AS is_timed_near
    FROM held AS h
    CROSS JOIN guideline.policy AS p
    INNER JOIN held AS t
        ON
            h.patient_key = t.patient_key
            AND t.started_on >= h.started_on - p.lab_proof_days
            AND t.started_on <= h.started_on + p.lab_proof_days
    WHERE
        (NOT h.is_told OR h.until_at IS NULL)
        AND (t.is_told OR t.until_at IS NOT NULL)
    GROUP BY h.session_key
),

asking AS (
    SELECT BOOL_OR(is_new_only) AS is_new_asked
    FROM guideline.observation
),

followed AS (
    -- the session before, where a rule asks for what is new
    SELECT
        h.session_key,
        LAG(h.started_on) OVER in_time AS before_on,
        LAG(h.product_id) OVER in_time AS product_before_id
    FROM held AS h
    CROSS JOIN asking AS a
    WHERE a.is_new_asked
    WINDOW in_time AS (PARTITION BY h.patient_key ORDER BY h.started_on, h.session_key)
),

placed AS (
    SELECT
        h.*,
        f.before_on,
        DATE_DIFF('second', h.ended_at, h.until_at) / 60 AS minutes,
        n.is_told_near,
        n.is_timed_near,
        h.started_on - f.before_on > p.first_infusion_gap_days AS is_after_pause,
        h.product_id != f.product_before_id AS is_switched
    FROM held AS h
    CROSS JOIN guideline.policy AS p
    LEFT JOIN followed AS f ON h.session_key = f.session_key
    LEFT JOIN near AS n ON h.session_key = n.session_key
),

asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        o.minutes_after,
        o.is_new_only,
        p.*, -- noqa: RF02
        CASE
            WHEN NOT o.is_new_only THEN TRUE
            WHEN p.is_after_pause OR p.is_switched THEN TRUE
            WHEN p.before_on IS NULL THEN IF(c.is_history_truncated, NULL, TRUE)
            WHEN p.is_switched IS NULL THEN NULL
            ELSE FALSE
        END AS is_asked
    FROM audit.applicable AS a
    INNER JOIN guideline.observation AS o ON a.rule_key = o.rule_key
    INNER JOIN placed AS p ON a.course_key = p.course_key
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    WHERE a.kind = 'observation' AND (a.reason = 'other_phase') IS NOT TRUE
),

judged AS (
    SELECT
        *,
        CASE
            WHEN is_asked IS FALSE THEN NULL
            WHEN minutes_after IS NULL THEN is_told
            ELSE minutes >= minutes_after
        END AS is_kept
    FROM asked
    WHERE is_asked IS NOT FALSE
)

SELECT
    rule_key,
    set_key,
    session_key,
    course_key,
    patient_key,
    started_on,
    minutes_after,
    minutes,
    CASE
        WHEN is_reaction_seen THEN 'reaction'
        WHEN is_told THEN 'none'
        ELSE 'not_recorded'
    END AS found,
    CASE
        WHEN reason IS NOT NULL THEN reason
        WHEN is_kept THEN NULL
        WHEN is_asked IS NULL AND before_on IS NOT NULL THEN 'product_unknown'
        WHEN is_asked IS NULL THEN 'history_truncated'
        WHEN minutes_after IS NULL AND is_told_near THEN NULL
        WHEN minutes_after IS NULL THEN 'outside_coverage'
        WHEN until_at IS NOT NULL AND ended_at IS NULL THEN 'time_unknown'
        WHEN until_at IS NOT NULL OR is_timed_near THEN NULL
        ELSE 'outside_coverage'
    END AS doubt,
    is_kept IS TRUE AS is_kept
FROM judged
