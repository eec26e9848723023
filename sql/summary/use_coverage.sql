-- One row per site (NULL: all) and period in which the records of what was given are complete, as
-- far as the day of the audit: infusions, or dispensings where no infusions were supplied.
-- A working table.
SELECT
    c.site_id,
    c.from_on,
    LEAST(c.to_on, ours.as_of) AS to_on
FROM staged.coverage AS c
CROSS JOIN guideline.policy AS ours
WHERE
    c.record = CASE
        WHEN 'infusion' IN (SELECT s.record FROM audit.record_supplied AS s) THEN 'infusion'
        ELSE 'dispensing'
    END
