-- One row per reported event that a case definition could show: whether the records do.
-- `confirmed` by a counted signal of the same event and course, `flagged` by one that is guarded,
-- `not_met` where a definition says no and none is met, `not_evaluable` where nobody measured what
-- would tell, `not_attributed` where it was laid to no course.
WITH detectable AS (
    SELECT DISTINCT event
    FROM guideline.definition
    WHERE NOT is_observation
),

answered AS (
    SELECT
        s.event,
        s.course_key,
        BOOL_OR(s.is_counted) AS is_counted,
        BOOL_OR(s.status = 'met') AS is_met,
        BOOL_OR(s.status = 'not_met') AS is_not_met
    FROM audit.signal AS s
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE NOT d.is_observation
    GROUP BY s.event, s.course_key
)

SELECT
    r.reported_event_key,
    r.event_code AS event, -- as in audit.signal -- noqa: RF04
    r.patient_key,
    r.course_key,
    r.event_on,
    r.is_serious,
    CASE
        WHEN r.course_key IS NULL THEN 'not_attributed'
        WHEN a.is_counted THEN 'confirmed'
        WHEN a.is_met THEN 'flagged'
        WHEN a.is_not_met THEN 'not_met'
        ELSE 'not_evaluable'
    END AS confirmation
FROM derived.reported_event AS r
INNER JOIN detectable AS e ON r.event_code = e.event
LEFT JOIN derived.course AS c ON r.course_key = c.course_key
LEFT JOIN answered AS a ON r.event_code = a.event AND r.course_key = a.course_key
WHERE c.is_in_period IS NOT FALSE
