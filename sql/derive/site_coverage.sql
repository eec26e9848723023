-- One row per site and day on which a course began: the period around that day for which the
-- records are complete. A site without a period of its own goes by the period of all, then by
-- any site's. Of several periods the narrowest counts; without one nothing is proven complete.
WITH basis AS (
    SELECT
        CASE
            WHEN COUNT(*) FILTER (WHERE s.record = 'infusion') > 0 THEN 'infusion'
            ELSE 'dispensing'
        END AS record_kind
    FROM audit.record_supplied AS s
),

complete AS (
    SELECT
        c.site_id,
        c.from_on,
        LEAST(c.to_on, ours.as_of) AS to_on
    FROM staged.coverage AS c
    INNER JOIN basis AS b ON c.record = b.record_kind
    CROSS JOIN guideline.policy AS ours
),

place AS (
    SELECT DISTINCT
        site_id,
        started_on
    FROM temp.course_span
),

ranked AS (
    SELECT
        p.site_id,
        p.started_on,
        c.from_on,
        c.to_on,
        CASE
            WHEN p.site_id = c.site_id THEN 1
            WHEN c.site_id IS NULL THEN 2
            ELSE 3
        END AS distance
    FROM place AS p
    CROSS JOIN complete AS c
),

nearest AS (
    SELECT
        *,
        MIN(distance) OVER (PARTITION BY site_id) AS nearest
    FROM ranked
)

SELECT
    site_id,
    started_on,
    MAX(from_on) AS covered_from_on,
    MIN(to_on) AS covered_to_on
FROM nearest
WHERE distance = nearest AND started_on >= from_on AND started_on <= to_on
GROUP BY site_id, started_on
