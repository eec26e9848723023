-- One row per record kind of the ledger and site in it (NULL: none recorded): the days for which
-- that kind is complete there. A site without a period of its own goes by the period of all, then
-- by any site's; of several the narrowest counts. After the day of the audit nothing is complete.
WITH place AS (
    SELECT DISTINCT site_id
    FROM temp.ledger_balance
),

ranked AS (
    SELECT
        c.record,
        p.site_id,
        c.from_on,
        LEAST(c.to_on, ours.as_of) AS to_on,
        CASE
            WHEN p.site_id = c.site_id THEN 1
            WHEN c.site_id IS NULL THEN 2
            ELSE 3
        END AS distance
    FROM place AS p
    CROSS JOIN guideline.policy AS ours
    CROSS JOIN staged.coverage AS c
    WHERE c.record IN ('dispensing', 'infusion')
),

nearest AS (
    SELECT
        *,
        MIN(distance) OVER (PARTITION BY record, site_id) AS least_distance
    FROM ranked
)

SELECT
    record,
    site_id,
    MAX(from_on) AS covered_from_on,
    MIN(to_on) AS covered_to_on
FROM nearest
WHERE distance = least_distance
GROUP BY record, site_id
