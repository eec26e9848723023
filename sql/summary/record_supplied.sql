-- One row per record kind of the contract: whether any file of it was supplied, the dates it
-- covers, the first and last day of its rows, and how many days of what it covers (where the
-- source declares it, else of the time up to the day of the audit) have passed since the last.
WITH covered AS (
    SELECT
        record,
        MIN(from_on) AS from_on,
        MAX(to_on) AS to_on,
        MIN(origin) AS origin
    FROM staged.coverage
    WHERE site_id IS NULL
    GROUP BY record
)

SELECT
    l.record,
    s.record IS NOT NULL AS is_supplied,
    c.from_on,
    c.to_on,
    c.origin,
    d.first_on,
    d.last_on,
    CASE
        WHEN d.last_on IS NOT NULL
            THEN
                GREATEST(
                    IF(c.origin = 'declared', LEAST(c.to_on, p.as_of), p.as_of) - d.last_on, 0
                )
    END AS n_days_since
FROM audit.record_ledger AS l
CROSS JOIN report.period AS p
LEFT JOIN audit.record_supplied AS s ON l.record = s.record
LEFT JOIN covered AS c ON l.record = c.record
LEFT JOIN audit.record_day AS d ON l.record = d.record
