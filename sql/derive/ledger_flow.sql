-- One row per line of the ledger, that is no plain pair, product and month in it: the grams that
-- the month issued for others (above 0) or infused from others (below 0). Over the months of a line
-- they add up to nothing, for its breaks have taken what does not close.
WITH counted AS (
    SELECT
        line_key,
        site_id,
        product_id,
        DATE_TRUNC('month', entry_on) AS month_on,
        is_in_period,
        CASE record
            WHEN 'dispensing' THEN dispensed_g - returned_g - wasted_g
            WHEN 'infusion' THEN IF(infused_g IS NULL, 0, -infused_g) - wasted_g
        END AS grams
    FROM derived.ledger_apart
    WHERE NOT is_set_aside
    UNION ALL
    SELECT
        line_key,
        site_id,
        product_id,
        DATE_TRUNC('month', entry_on) AS month_on,
        is_in_period,
        -grams AS grams
    FROM derived.ledger_break
)

SELECT
    line_key,
    site_id,
    product_id,
    CAST(month_on AS DATE) AS month_on,
    is_in_period,
    CAST(SUM(grams) AS DECIMAL(12, 3)) AS grams
FROM counted
GROUP BY ALL
HAVING SUM(grams) != 0
