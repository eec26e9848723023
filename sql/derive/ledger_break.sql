-- One row per break of the ledger and record it is seen at: what kind of break, and its grams,
-- above 0 when issued and not accounted for, below 0 when infused and not issued. The grams of a
-- line's breaks add up to what does not close in it. Where another product was infused than issued,
-- both stand here. Another lot, and an ambiguous match that closes, move no grams between issued
-- and infused: 0.
WITH sided AS (
    SELECT
        b.line_key,
        b.product_id,
        b.balance_g,
        d.rest_g,
        d.is_issued,
        d.is_infused,
        d.doubt,
        ABS(b.balance_g) AS size_g,
        LEAST(
            SUM(CASE WHEN b.balance_g > 0 THEN b.balance_g ELSE 0 END) OVER line,
            SUM(CASE WHEN b.balance_g < 0 THEN -b.balance_g ELSE 0 END) OVER line
        ) AS exchange_g,
        SUM(ABS(b.balance_g)) OVER (
            PARTITION BY b.line_key, b.balance_g > 0
            ORDER BY b.product_id
            ROWS UNBOUNDED PRECEDING
        ) - ABS(b.balance_g) AS earlier_g,
        IF(b.balance_g > 0, 'dispensing', 'infusion') AS record,
        IF(b.balance_g > 0, b.last_dispensing_key, b.last_infusion_key) AS record_key
    FROM temp.ledger_balance AS b
    INNER JOIN temp.ledger_doubt AS d ON b.line_key = d.line_key
    WINDOW line AS (PARTITION BY b.line_key)
),

-- grams that one product has too many of and another too few of were infused as that other
exchanged AS (
    SELECT
        *,
        LEAST(size_g, GREATEST(exchange_g - earlier_g, 0)) AS exchanged_g
    FROM sided
    WHERE balance_g != 0
),

resting AS (
    SELECT
        *,
        size_g - exchanged_g AS left_g,
        CASE
            WHEN doubt IS NOT NULL THEN doubt
            WHEN NOT is_issued THEN 'infused_without_dispensing'
            WHEN rest_g > 0 AND NOT is_infused THEN 'not_infused'
            ELSE 'grams_differ'
        END AS word
    FROM exchanged
    WHERE size_g > exchanged_g
),

repeated AS (
    SELECT
        r.line_key,
        r.product_id,
        r.left_g,
        a.record,
        a.record_key,
        IF(
            a.record = 'dispensing',
            a.dispensed_g - a.returned_g - a.wasted_g,
            a.infused_g + a.wasted_g
        ) AS own_g
    FROM resting AS r
    INNER JOIN derived.ledger_apart AS a
        ON
            r.line_key = a.line_key
            AND r.product_id IS NOT DISTINCT FROM a.product_id
            AND r.record = a.record
    INNER JOIN temp.ledger_like AS l ON a.record = l.record AND a.record_key = l.record_key
    WHERE r.doubt IS NULL
),

duplicated AS (
    SELECT
        *,
        SUM(own_g) OVER (
            PARTITION BY line_key, product_id
            ORDER BY record_key DESC
            ROWS UNBOUNDED PRECEDING
        ) AS so_far_g
    FROM repeated
),

repeat_total AS (
    SELECT
        line_key,
        product_id,
        MAX(so_far_g) AS repeated_g
    FROM duplicated
    WHERE so_far_g <= left_g
    GROUP BY line_key, product_id
),

broken AS (
    SELECT
        line_key,
        'other_product' AS word,
        record,
        record_key,
        exchanged_g AS affected_g,
        exchanged_g AS size_g
    FROM exchanged
    WHERE exchanged_g > 0
    UNION ALL
    SELECT
        line_key,
        'duplicate' AS word,
        record,
        record_key,
        own_g AS affected_g,
        own_g AS size_g
    FROM duplicated
    WHERE so_far_g <= left_g
    UNION ALL
    SELECT
        r.line_key,
        r.word,
        r.record,
        r.record_key,
        r.left_g - IF(t.repeated_g IS NULL, 0, t.repeated_g) AS affected_g,
        r.left_g - IF(t.repeated_g IS NULL, 0, t.repeated_g) AS size_g
    FROM resting AS r
    LEFT JOIN repeat_total AS t
        ON r.line_key = t.line_key AND r.product_id IS NOT DISTINCT FROM t.product_id
    WHERE (r.left_g > t.repeated_g) IS NOT FALSE
    UNION ALL
    SELECT
        d.line_key,
        'ambiguous_match' AS word,
        'infusion' AS record,
        MAX(b.last_infusion_key) AS record_key,
        0 AS affected_g,
        0 AS size_g
    FROM temp.ledger_doubt AS d
    INNER JOIN temp.ledger_balance AS b ON d.line_key = b.line_key
    WHERE d.doubt = 'ambiguous_match' AND d.rest_g = 0
    GROUP BY d.line_key
    UNION ALL
    SELECT
        a.line_key,
        'other_lot' AS word,
        'infusion' AS record,
        l.infusion_key AS record_key,
        a.infused_g AS affected_g,
        0 AS size_g
    FROM temp.ledger_lot AS l
    INNER JOIN derived.ledger_apart AS a
        ON l.infusion_key = a.record_key AND a.record = 'infusion'
)

SELECT
    b.line_key,
    b.word AS break, -- noqa: RF04
    b.record,
    b.record_key,
    a.patient_key,
    a.entry_on,
    a.is_in_period,
    a.site_id,
    a.product_id,
    CAST(IF(b.record = 'dispensing', b.size_g, -b.size_g) AS DECIMAL(12, 3)) AS grams,
    CAST(b.affected_g AS DECIMAL(12, 3)) AS affected_g
FROM broken AS b
INNER JOIN derived.ledger_apart AS a
    ON b.record = a.record AND b.record_key = a.record_key
