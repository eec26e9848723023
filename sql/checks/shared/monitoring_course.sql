-- One row per course: when it began and ended by the clock, where every session of its first or
-- last day has a time, the days since the course before, the day of the one before in the same
-- treatment, and of the one as many courses before as make a treatment regular†. Empty where no
-- rule asks for tests.
SELECT
    c.course_key,
    c.patient_key,
    c.started_on,
    c.last_on,
    CAST(IF(c.interval_status = 'known', c.interval_days, NULL) AS INTEGER) AS interval_days,
    c.treatment_started_on,
    CASE
        WHEN c.treatment_key IS NOT NULL
            THEN
                LAG(c.started_on) OVER (
                    PARTITION BY c.treatment_key ORDER BY c.started_on, c.course_key
                )
    END AS treatment_before_on,
    CASE
        WHEN c.treatment_key IS NOT NULL
            THEN
                LAG(c.started_on, p.trough_settled_courses) OVER (
                    PARTITION BY c.treatment_key ORDER BY c.started_on, c.course_key
                )
    END AS several_before_on,
    CASE
        WHEN COUNT(*) FILTER (WHERE s.started_on = c.started_on AND s.started_at IS NULL) = 0
            THEN MIN(s.started_at) FILTER (WHERE s.started_on = c.started_on)
    END AS first_at,
    CASE
        WHEN COUNT(*) FILTER (WHERE s.started_on = c.last_on AND s.ended_at IS NULL) = 0
            THEN MAX(s.ended_at) FILTER (WHERE s.started_on = c.last_on)
    END AS last_at
FROM derived.course AS c
CROSS JOIN guideline.policy AS p
INNER JOIN derived.session AS s ON c.course_key = s.course_key
WHERE
    EXISTS (SELECT m.rule_key FROM guideline.monitoring AS m)
    OR EXISTS (SELECT l.rule_key FROM guideline.trough AS l)
GROUP BY
    c.course_key, c.patient_key, c.started_on, c.last_on, c.interval_status, c.interval_days,
    c.treatment_key, c.treatment_started_on, p.trough_settled_courses
