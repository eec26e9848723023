-- One row per rule that asks for an approval, course and request of the patient: whether it was
-- approved in time, and for how much of the course.
-- An approval of an emergency may follow the infusion by some days†. What a rule puts under one
-- entry (pemphigus under blistering disease, a child that came of age) is approved under any of its
-- names.
WITH timed AS (
    SELECT
        x.rule_key,
        x.needed_on,
        x.allowed_days,
        a.is_emergency OR x.is_emergency_listed AS may_follow,
        CASE WHEN a.came_on IS NOT NULL THEN GREATEST(a.came_on - x.needed_on, 0) END AS late_days,
        (a.to_on < x.needed_on) IS TRUE AS is_over,
        (a.to_on < a.course_last_on) IS NOT TRUE AS is_whole,
        a.* REPLACE (a.is_for_it OR i.rule_key IS NOT NULL AS is_for_it)
    FROM audit.approval_asked AS x
    INNER JOIN audit.approval_pair AS a ON x.course_key = a.course_key
    LEFT JOIN guideline.rule_indication AS i
        ON x.rule_key = i.rule_key AND a.requested_for = i.indication_code
    WHERE x.reason IS NULL AND x.needed_on IS NOT NULL
)

SELECT
    *, -- the approval stays beside what it is worth -- noqa: AM04
    decision = 'approved'
    AND (late_days = 0 OR (may_follow AND late_days <= allowed_days)) IS TRUE AS is_in_time
FROM timed
