-- One row per course of the period and request of its patient: whether the bags of the course name
-- the request, and whether it could be meant for the course.
WITH linked AS (
    SELECT DISTINCT
        course_key,
        authorisation_key
    FROM derived.infusion
    WHERE course_key IS NOT NULL AND authorisation_key IS NOT NULL
),

paired AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.indication_code,
        c.started_on,
        c.last_on AS course_last_on,
        a.authorisation_key,
        a.indication_code AS requested_for,
        a.decision,
        a.is_emergency,
        l.course_key IS NOT NULL AS is_linked,
        -- a request that names no indication may be for any
        CASE
            WHEN c.indication_code IS NULL THEN TRUE
            WHEN a.is_indication_unread THEN NULL
            ELSE a.indication_code IS NULL OR a.indication_code = c.indication_code
        END AS is_meant,
        a.requested_on,
        a.decided_on,
        a.from_on,
        a.came_on,
        a.to_on,
        a.first_on,
        a.last_on,
        a.dose_g_per_kg,
        a.dose_g,
        a.interval_days,
        a.n_courses,
        a.consent_on,
        -- near enough† to show that this patient's requests were recorded in those days
        a.first_on <= c.last_on + p.approval_proof_days
        AND a.last_on >= c.started_on - p.approval_proof_days AS is_near
    FROM derived.course AS c
    INNER JOIN derived.approval AS a ON c.patient_key = a.patient_key
    CROSS JOIN guideline.policy AS p
    LEFT JOIN linked AS l
        ON c.course_key = l.course_key AND a.authorisation_key = l.authorisation_key
    WHERE c.is_in_period
)

SELECT
    * EXCLUDE (is_meant),
    is_meant IS TRUE AS is_for_it,
    is_meant IS NULL AS is_for_it_perhaps
FROM paired
