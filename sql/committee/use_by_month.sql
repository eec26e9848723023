-- One row per block of months, closed month and number of it, and per number of all.
SELECT * EXCLUDE (table_id) -- noqa: AM04
FROM temp.use_number
WHERE table_id = 'use_by_month'
