-- One row per rule that a named approval must hold, and request that an infusion or a dispensing
-- of the period names: was it approved, and not expired, on the day of each of them?
-- The request is the subject, so that ten bags under one declined request are one finding.
WITH asked AS (
    SELECT
        r.rule_key,
        r.set_key,
        p.emergency_approval_days,
        p.from_on,
        p.to_on
    FROM guideline.approval AS g
    INNER JOIN guideline.rule AS r ON g.rule_key = r.rule_key
    CROSS JOIN guideline.policy AS p
    WHERE g.approval = 'named_is_valid'
),

used AS (
    SELECT
        authorisation_key,
        'infusion' AS record,
        infusion_key AS record_key,
        started_on AS used_on
    FROM staged.infusion
    WHERE authorisation_key IS NOT NULL AND status IS DISTINCT FROM 'not_given'
    UNION ALL
    SELECT
        authorisation_key,
        'dispensing' AS record,
        dispensing_key AS record_key,
        dispensed_on AS used_on
    FROM staged.dispensing
    WHERE authorisation_key IS NOT NULL
),

judged AS (
    SELECT
        x.rule_key,
        x.set_key,
        a.authorisation_key,
        a.patient_key,
        u.record,
        u.record_key,
        u.used_on,
        a.to_on,
        b.course_key,
        CASE
            WHEN a.decision = 'declined' THEN 'approval_declined'
            WHEN a.decision = 'pending' AND u.used_on + x.emergency_approval_days < p.as_of
                THEN 'approval_pending'
            WHEN a.decision = 'approved' AND u.used_on > a.to_on THEN 'approval_expired'
        END AS answer
    FROM asked AS x
    CROSS JOIN guideline.policy AS p
    CROSS JOIN derived.approval AS a
    INNER JOIN used AS u ON a.authorisation_key = u.authorisation_key
    LEFT JOIN derived.infusion AS b
        ON u.record = b.record AND u.record_key = b.infusion_key
    WHERE
        (u.used_on < x.from_on) IS NOT TRUE
        AND (u.used_on > x.to_on) IS NOT TRUE
),

summed AS (
    SELECT
        rule_key,
        set_key,
        authorisation_key,
        MIN(patient_key) AS patient_key,
        -- one request has one decision, and expires on one day
        MIN(answer) AS answer,
        MIN(course_key) FILTER (WHERE answer IS NOT NULL) AS course_key,
        MIN(to_on) AS to_on,
        MAX(used_on) AS used_on,
        COUNT(*) FILTER (WHERE answer IS NOT NULL) AS n_uses,
        LIST(
            { 'record': record, 'record_key': record_key, 'role': 'given under it' }
            ORDER BY used_on, record, record_key
        )
        FILTER (WHERE answer IS NOT NULL) AS cites
    FROM judged
    GROUP BY rule_key, set_key, authorisation_key
)

SELECT
    rule_key,
    set_key,
    'authorisation' AS subject_kind,
    authorisation_key AS subject_key,
    course_key,
    patient_key,
    CASE WHEN answer IS NULL THEN 'met' ELSE 'breached' END AS status,
    answer AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'approval' AS clause,
    CASE WHEN answer = 'approval_expired' THEN used_on - to_on END AS observed,
    CASE WHEN answer = 'approval_expired' THEN 0 END AS limit_high,
    CASE WHEN answer = 'approval_expired' THEN 0 END AS tolerance,
    CASE WHEN answer = 'approval_expired' THEN 'days' END AS unit,
    CASE WHEN answer = 'approval_expired' THEN used_on - to_on END AS miss,
    CONCAT_WS(
        CHR(10),
        'infusions and dispensings that name it all the same: ' || n_uses,
        CASE
            WHEN answer = 'approval_expired'
                THEN
                    'used after it ended: ' || used_on || ' - ' || to_on || ' = '
                    || (used_on - to_on) || ' d'
        END
    ) AS workings,
    LIST_PREPEND(
        { 'record': 'authorisation', 'record_key': authorisation_key, 'role': 'approval named' },
        cites
    ) AS cites
FROM summed
