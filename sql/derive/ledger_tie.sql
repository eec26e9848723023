-- One row per line with grams to give and line that asks for grams, of one patient and product,
-- that lie near enough: the infusion at most `ledger_days`† after the dispensing
-- (`ledger_days_home`† at home) and at most `ledger_late_days`† before it was written down. What
-- ids tied and left over goes with a whole row that fits in it, never with a part. `cost` is what a
-- milligram pays for the way: a hundred per minute, ten for another lot, and one or more for coming
-- after a like row.
WITH policy AS (
    SELECT
        ledger_days,
        ledger_days_home,
        ledger_late_days
    FROM guideline.policy
),

near AS (
    SELECT
        s.node_key AS supply_key,
        d.node_key AS demand_key,
        s.grams AS supply_g,
        -d.grams AS demand_g,
        CASE
            WHEN s.at_time IS NULL OR d.at_time IS NULL
                THEN ABS(DATE_DIFF('day', s.on_day, d.on_day)) * 1440
            ELSE ABS(DATE_DIFF('minute', s.at_time, d.at_time))
        END AS minutes,
        (s.lot_number != d.lot_number) IS TRUE AS is_other_lot,
        2 * ABS(s.n_before - d.n_before) + s.n_before + d.n_before AS place
    FROM temp.ledger_loose AS s
    CROSS JOIN policy AS p
    INNER JOIN temp.ledger_loose AS d
        ON
            s.patient_key = d.patient_key
            AND (s.product_id != d.product_id) IS NOT TRUE
            AND d.on_day >= s.on_day - p.ledger_late_days
            AND d.on_day <= s.on_day + IF(d.is_at_home, p.ledger_days_home, p.ledger_days)
    WHERE
        s.grams > 0
        AND d.grams < 0
        AND NOT (s.is_rest AND d.is_rest)
        AND (NOT s.is_rest OR -d.grams <= s.grams)
        AND (NOT d.is_rest OR s.grams <= -d.grams)
)

SELECT
    CAST(supply_key AS BIGINT) AS supply_key,
    CAST(supply_g * 1000 AS BIGINT) AS supply_mg,
    CAST(demand_key AS BIGINT) AS demand_key,
    CAST(demand_g * 1000 AS BIGINT) AS demand_mg,
    CAST(minutes * 100 + IF(is_other_lot, 10, 0) + LEAST(place, 9) AS BIGINT) AS cost -- noqa: RF04
FROM near
ORDER BY supply_key, demand_key
