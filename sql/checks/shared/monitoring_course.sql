-- One row per course: when it began and ended by the clock, where every session of its first or
-- last day has a time, and the days since the course before. Empty where no rule asks for tests.
SELECT
    c.course_key,
    c.patient_key,
    c.started_on,
    c.last_on,
    CAST(IF(c.interval_status = 'known', c.interval_days, NULL) AS INTEGER) AS interval_days,
    CASE
        WHEN COUNT(*) FILTER (WHERE s.started_on = c.started_on AND s.started_at IS NULL) = 0
            THEN MIN(s.started_at) FILTER (WHERE s.started_on = c.started_on)
    END AS first_at,
    CASE
        WHEN COUNT(*) FILTER (WHERE s.started_on = c.last_on AND s.ended_at IS NULL) = 0
            THEN MAX(s.ended_at) FILTER (WHERE s.started_on = c.last_on)
    END AS last_at
FROM derived.course AS c
INNER JOIN derived.session AS s ON c.course_key = s.course_key
WHERE EXISTS (SELECT m.rule_key FROM guideline.monitoring AS m)
GROUP BY ALL
