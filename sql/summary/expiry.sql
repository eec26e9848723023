-- One row per part and step of days to the expiry date. `given`: bags given in the period, days
-- from the day they were given; `left`: grams issued that the ledger finds neither infused nor
-- returned nor discarded, days from the end of the period. A bag has the expiry date of its own
-- lots, else that of its issue unless it names another lot; of several lots the first to expire.
-- Steps: `expired` before that day, `within_30` and `within_90`† days after it, `later`, `unknown`.
WITH listed AS (
    SELECT
        infusion_key,
        MIN(expires_on) AS expires_on
    FROM staged.infusion_lot
    GROUP BY infusion_key
),

issued AS (
    SELECT
        dispensing_key,
        MIN(expires_on) AS expires_on
    FROM staged.dispensing_lot
    GROUP BY dispensing_key
),

given AS (
    SELECT
        'given' AS part,
        i.dose_g AS grams,
        COALESCE(
            l.expires_on,
            IF(
                l.infusion_key IS NULL AND (i.lot_number <> d.lot_number) IS NOT TRUE,
                COALESCE(d.expires_on, s.expires_on),
                NULL
            )
        ) - i.started_on AS n_days
    FROM temp.counted_infusion AS b
    INNER JOIN staged.infusion AS i ON b.infusion_key = i.infusion_key
    INNER JOIN report.period AS p ON p.basis = 'infused'
    LEFT JOIN listed AS l ON i.infusion_key = l.infusion_key
    LEFT JOIN staged.dispensing AS d ON i.dispensing_key = d.dispensing_key
    LEFT JOIN issued AS s ON i.dispensing_key = s.dispensing_key
),

unused AS (
    SELECT
        'left' AS part,
        b.grams,
        COALESCE(d.expires_on, s.expires_on) - p.to_on AS n_days
    FROM derived.ledger_break AS b
    CROSS JOIN report.period AS p
    INNER JOIN staged.dispensing AS d ON b.record_key = d.dispensing_key
    LEFT JOIN issued AS s ON d.dispensing_key = s.dispensing_key
    WHERE
        b.record = 'dispensing'
        AND b.grams > 0
        AND b.break IN ('not_infused', 'outside_period')
        AND d.dispensed_on <= p.to_on
),

dated AS (
    SELECT *
    FROM given
    UNION ALL
    SELECT *
    FROM unused
)

SELECT
    part,
    CASE
        WHEN n_days IS NULL THEN 'unknown'
        WHEN n_days < 0 THEN 'expired'
        WHEN n_days <= 30 THEN 'within_30'
        WHEN n_days <= 90 THEN 'within_90'
        ELSE 'later'
    END AS step,
    COUNT(*) AS n_records,
    SUM(grams) AS grams
FROM dated
GROUP BY ALL
