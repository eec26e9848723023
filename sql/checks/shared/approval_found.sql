-- One row per rule of approvals, course it asks about and request of that patient: whether the
-- request could be meant, whether it was approved in time, and for how much of the course.
-- An approval of an emergency may follow the infusion by some days†.
WITH linked AS (
    SELECT DISTINCT
        course_key,
        authorisation_key
    FROM derived.infusion
    WHERE course_key IS NOT NULL AND authorisation_key IS NOT NULL
),

paired AS (
    SELECT
        x.rule_key,
        x.course_key,
        x.patient_key,
        x.needed_on,
        x.last_on AS course_last_on,
        x.allowed_days,
        a.authorisation_key,
        a.decision,
        a.is_emergency OR x.is_emergency_listed AS may_follow,
        l.course_key IS NOT NULL AS is_linked,
        -- a request that names no indication may be for any
        CASE
            WHEN a.is_indication_unread OR x.indication_code IS NULL THEN NULL
            ELSE a.indication_code IS NULL OR a.indication_code = x.indication_code
        END AS is_for_it,
        x.indication_code IS NULL AS is_course_unread,
        a.requested_on,
        a.decided_on,
        a.from_on,
        a.came_on,
        a.to_on,
        a.first_on,
        a.last_on,
        CASE WHEN a.came_on IS NOT NULL THEN GREATEST(a.came_on - x.needed_on, 0) END AS late_days,
        (a.to_on < x.needed_on) IS TRUE AS is_over,
        -- near enough† to show that this patient's requests were recorded in those days
        a.first_on <= x.last_on + p.approval_proof_days
        AND a.last_on >= x.needed_on - p.approval_proof_days AS is_near,
        (a.to_on < x.last_on) IS NOT TRUE AS is_whole,
        a.dose_g_per_kg,
        a.dose_g,
        a.interval_days,
        a.n_courses
    FROM audit.approval_asked AS x
    INNER JOIN derived.approval AS a ON x.patient_key = a.patient_key
    CROSS JOIN guideline.policy AS p
    LEFT JOIN linked AS l
        ON x.course_key = l.course_key AND a.authorisation_key = l.authorisation_key
    WHERE x.reason IS NULL AND x.needed_on IS NOT NULL
)

SELECT
    * REPLACE (is_for_it IS TRUE OR is_course_unread AS is_for_it),
    is_for_it IS NULL AND NOT is_course_unread AS is_for_it_perhaps,
    decision = 'approved'
    AND (late_days = 0 OR (may_follow AND late_days <= allowed_days)) IS TRUE AS is_in_time
FROM paired
