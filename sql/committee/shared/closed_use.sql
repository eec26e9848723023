-- One row per block of months and infusion that counts as IVIG and began in a closed month of it.
SELECT
    i.*, -- as counted in the report -- noqa: AM04
    m.block,
    m.month_on
FROM temp.counted_infusion AS i
INNER JOIN temp.closed_month AS m ON CAST(DATE_TRUNC('month', i.started_on) AS DATE) = m.month_on
