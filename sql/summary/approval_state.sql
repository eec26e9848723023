-- One row per state of approval of the courses begun in the period, whatever the rules ask: what
-- the requests of the patient say of the indication and the first day, the best of them first.
WITH supplied AS (
    SELECT COUNT(*) > 0 AS has_approvals
    FROM audit.record_supplied
    WHERE record = 'authorisation'
),

counted AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.known_dose_g
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    WHERE c.started_on >= p.from_on AND c.started_on <= p.to_on
),

said AS (
    SELECT
        a.course_key,
        BOOL_OR(
            a.decision = 'approved' AND a.came_on <= a.started_on
            AND (a.to_on < a.started_on) IS NOT TRUE
        ) AS is_approved,
        BOOL_OR(
            a.decision = 'approved' AND a.came_on > a.started_on
            AND (a.to_on < a.started_on) IS NOT TRUE
            AND (
                a.is_linked
                OR LEAST(a.requested_on, a.from_on) <= a.course_last_on
                OR a.came_on <= a.started_on + p.emergency_approval_days
            )
        ) AS is_approved_later,
        BOOL_OR(a.decision = 'approved' AND a.to_on < a.started_on AND a.is_near) AS is_expired,
        BOOL_OR(a.decision = 'pending' AND a.is_near) AS is_pending,
        BOOL_OR(a.decision = 'declined' AND a.is_near) AS is_declined,
        BOOL_OR(a.decision = 'approved' AND a.consent_on IS NOT NULL) AS has_consent
    FROM audit.approval_pair AS a
    CROSS JOIN guideline.policy AS p
    WHERE a.is_for_it
    GROUP BY a.course_key
),

spared AS (
    -- some loaded set says that none is needed
    SELECT DISTINCT course_key
    FROM audit.verdict
    WHERE kind = 'authorisation' AND reason = 'approval_not_required'
),

stated AS (
    SELECT
        c.*,
        s.has_consent IS TRUE AS has_consent,
        CASE
            WHEN NOT u.has_approvals THEN 'not_supplied'
            WHEN s.is_approved THEN 'approved'
            WHEN s.is_approved_later THEN 'approved_later'
            WHEN s.is_expired THEN 'expired'
            WHEN s.is_declined THEN 'declined'
            WHEN s.is_pending THEN 'pending'
            WHEN n.course_key IS NOT NULL THEN 'none_needed'
            ELSE 'none'
        END AS approval_state
    FROM counted AS c
    CROSS JOIN supplied AS u
    LEFT JOIN said AS s ON c.course_key = s.course_key
    LEFT JOIN spared AS n ON c.course_key = n.course_key
)

SELECT
    approval_state,
    COUNT(*) AS n_courses,
    COUNT(DISTINCT patient_key) AS n_patients,
    SUM(known_dose_g) AS grams,
    CAST(SUM(known_dose_g) / NULLIF(SUM(SUM(known_dose_g)) OVER (), 0) AS DECIMAL(9, 6))
        AS share_grams,
    COUNT(*) FILTER (WHERE has_consent AND approval_state = 'approved') AS n_consented
FROM stated
GROUP BY approval_state
