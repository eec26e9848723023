-- One row per block of months wanted and closed month of it: a month that lies in the period with
-- all its days. Blocks are the edition itself, and the months by which another one differs from it.
SELECT
    w.block,
    m.month_on
FROM report.grams_by_month AS m
INNER JOIN temp.wanted_month AS w ON w.month_on IS NULL OR m.month_on = w.month_on
WHERE NOT m.is_partial
