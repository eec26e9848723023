-- One row per course begun in the period, with its state of approval, whatever the rules ask: what
-- the requests of the patient say of the indication and the first day, the best of them first.
-- A working table: counted by state, and by site.
WITH supplied AS (
    SELECT COUNT(*) > 0 AS has_approvals
    FROM audit.record_supplied
    WHERE record = 'authorisation'
),

counted AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.site_id,
        c.known_dose_g
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    WHERE c.started_on >= p.from_on AND c.started_on <= p.to_on
),

said AS (
    SELECT
        a.course_key,
        -- the best that any request says
        MIN(
            CASE
                WHEN a.decision = 'declined' THEN IF(a.is_near, 4, NULL)
                WHEN a.decision = 'pending' THEN IF(a.is_near, 5, NULL)
                WHEN a.decision IS NULL OR a.decision <> 'approved' THEN NULL
                WHEN a.to_on < a.started_on THEN IF(a.is_near, 3, NULL)
                WHEN a.came_on <= a.started_on THEN 1
                WHEN
                    a.came_on > a.started_on
                    AND (
                        a.is_linked
                        OR LEAST(a.requested_on, a.from_on) <= a.course_last_on
                        OR a.came_on <= a.started_on + p.emergency_approval_days
                    )
                    THEN 2
            END
        ) AS best,
        BOOL_OR(a.decision = 'approved' AND a.consent_on IS NOT NULL) AS has_consent
    FROM audit.approval_pair AS a
    CROSS JOIN guideline.policy AS p
    WHERE a.is_for_it
    GROUP BY a.course_key
),

spared AS (
    -- some loaded set says that none is needed
    SELECT course_key
    FROM audit.verdict
    WHERE kind = 'authorisation' AND reason = 'approval_not_required'
)

SELECT
    c.*,
    s.has_consent IS TRUE AS has_consent,
    CASE
        WHEN NOT u.has_approvals THEN 'not_supplied'
        WHEN s.best = 1 THEN 'approved'
        WHEN s.best = 2 THEN 'approved_later'
        WHEN s.best = 3 THEN 'expired'
        WHEN s.best = 4 THEN 'declined'
        WHEN s.best = 5 THEN 'pending'
        WHEN c.course_key IN (SELECT n.course_key FROM spared AS n) THEN 'none_needed'
        ELSE 'none'
    END AS approval_state
FROM counted AS c
CROSS JOIN supplied AS u
LEFT JOIN said AS s ON c.course_key = s.course_key
