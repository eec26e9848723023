-- One row per record kind of the contract: whether any file of it was supplied, and the
-- dates it covers.
SELECT
    l.record,
    s.record IS NOT NULL AS is_supplied,
    MIN(c.from_on) AS from_on,
    MAX(c.to_on) AS to_on,
    MIN(c.origin) AS origin
FROM audit.record_ledger AS l
LEFT JOIN audit.record_supplied AS s ON l.record = s.record
LEFT JOIN staged.coverage AS c ON l.record = c.record AND c.site_id IS NULL
GROUP BY l.record, s.record
