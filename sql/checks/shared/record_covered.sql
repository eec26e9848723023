-- One row per site and day on which a course began: whether diagnoses, medicines and events of that
-- day are complete.
WITH place AS (
    SELECT DISTINCT
        site_id,
        started_on
    FROM derived.course
)

SELECT
    p.site_id,
    p.started_on,
    BOOL_OR(v.record = 'diagnosis') AS diagnosis,
    BOOL_OR(v.record = 'medication') AS medication,
    BOOL_OR(v.record = 'clinical_event') AS clinical_event
FROM place AS p
INNER JOIN staged.coverage AS v
    ON
        v.record IN ('diagnosis', 'medication', 'clinical_event')
        AND (v.site_id IS NULL OR p.site_id = v.site_id)
        AND p.started_on >= v.from_on
        AND p.started_on <= v.to_on
GROUP BY p.site_id, p.started_on
