-- One row per detected event, product and lot given in its exposure up to the day it was seen. All
-- of a course share: which of two lots did it nobody can tell.
SELECT DISTINCT
    d.detected_event_key,
    i.product_id,
    l.lot
FROM audit.detected_event AS d
INNER JOIN derived.infusion AS i
    ON
        d.course_key = i.course_key
        AND (d.session_key IS NULL OR d.session_key = i.session_key)
        AND (CAST(d.occurred_at AS DATE) < i.started_on) IS NOT TRUE
LEFT JOIN derived.lot AS l ON i.record = l.record AND i.infusion_key = l.record_key
WHERE i.exclusion IS NULL
