-- One row per closed month: a month that lies in the period with all its days.
SELECT month_on
FROM report.grams_by_month
WHERE NOT is_partial
