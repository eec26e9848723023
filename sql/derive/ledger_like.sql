-- One row per dispensing or infusion that is like others in patient, time, product, grams and lot
-- and comes after them: how many. Those with a partner come first, then the row that was read
-- first. Two bags of one lot may well be alike; the later is a duplicate only where its grams are
-- too many.
WITH issue AS (
    SELECT
        i.dispensing_key,
        d.patient_key,
        d.dispensed_at,
        d.product_code,
        d.dose_g,
        d.lot_number,
        i.n_given IS NULL AS is_alone
    FROM temp.ledger_issue AS i
    INNER JOIN staged.dispensing AS d ON i.dispensing_key = d.dispensing_key
),

given AS (
    SELECT
        u.infusion_key,
        i.patient_key,
        i.started_at,
        i.product_code,
        i.dose_g,
        i.lot_number,
        u.dispensing_key IS NULL AS is_alone
    FROM temp.ledger_use AS u
    INNER JOIN staged.infusion AS i ON u.infusion_key = i.infusion_key
    WHERE NOT u.is_not_given
)

SELECT
    'dispensing' AS record,
    i.dispensing_key AS record_key,
    COUNT(*) AS n_before
FROM issue AS i
INNER JOIN staged.dispensing AS d
    ON
        i.patient_key = d.patient_key
        AND i.dispensed_at = d.dispensed_at
        AND i.product_code = d.product_code
        AND i.dose_g = d.dose_g
        AND i.lot_number IS NOT DISTINCT FROM d.lot_number
LEFT JOIN issue AS other ON d.dispensing_key = other.dispensing_key
WHERE
    (other.is_alone IS TRUE, d.dispensing_key) < (i.is_alone, i.dispensing_key)
GROUP BY i.dispensing_key
UNION ALL
SELECT
    'infusion' AS record,
    g.infusion_key AS record_key,
    COUNT(*) AS n_before
FROM given AS g
INNER JOIN staged.infusion AS i
    ON
        g.patient_key = i.patient_key
        AND g.started_at = i.started_at
        AND g.product_code = i.product_code
        AND g.dose_g = i.dose_g
        AND g.lot_number IS NOT DISTINCT FROM i.lot_number
LEFT JOIN given AS other ON i.infusion_key = other.infusion_key
WHERE
    i.status IS DISTINCT FROM 'not_given'
    AND (other.is_alone IS TRUE, i.infusion_key) < (g.is_alone, g.infusion_key)
GROUP BY g.infusion_key
