-- One row: the first named guideline set. It makes the headline, the charts and the chapters on
-- dose and interval, and every other set is laid beside it. A working table.
SELECT MIN(set_key) AS set_key
FROM guideline.guideline_set
WHERE NOT is_house
