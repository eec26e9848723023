-- One row per line with grams to give or to ask for, before lines are tied in time: a dispensing
-- that no infusion names, an infusion that names none, and what ids tied and left over (`is_rest`).
-- The key is the line's: its dispensing's, or minus its infusion's. Grams above 0 are to give.
WITH issued AS (
    SELECT
        dispensing_key AS node_key,
        patient_key,
        product_id,
        lot_number,
        n_given > 0 IS TRUE AS is_rest,
        FALSE AS is_at_home,
        CASE WHEN n_given > 0 THEN kept_g - infused_g - use_wasted_g ELSE kept_g END AS grams,
        dispensed_on,
        dispensed_at,
        last_on,
        last_at
    FROM temp.ledger_issue
    WHERE
        NOT is_set_aside
        AND (
            n_given > 0 IS NOT TRUE
            -- waste told on both sides may be one waste: such a line stays as its ids have it
            OR (n_unknown = 0 AND NOT (wasted_g > 0 AND use_wasted_g > 0))
        )
        AND (product_id != least_brand) IS NOT TRUE
        AND (product_id != last_brand) IS NOT TRUE
)

SELECT
    i.node_key,
    i.patient_key,
    i.product_id,
    i.lot_number,
    i.is_rest,
    i.is_at_home,
    i.grams,
    CASE WHEN i.grams > 0 THEN i.dispensed_on ELSE i.last_on END AS on_day,
    CASE WHEN i.grams > 0 THEN i.dispensed_at ELSE i.last_at END AS at_time,
    IF(l.n_before IS NULL, 0, l.n_before) AS n_before
FROM issued AS i
LEFT JOIN temp.ledger_like AS l ON l.record = 'dispensing' AND i.node_key = l.record_key
WHERE i.grams != 0
UNION ALL
SELECT
    -u.infusion_key AS node_key,
    u.patient_key,
    u.product_id,
    u.lot_number,
    FALSE AS is_rest,
    u.is_at_home,
    -(u.infused_g + u.wasted_g) AS grams,
    u.started_on AS on_day,
    u.started_at AS at_time,
    IF(l.n_before IS NULL, 0, l.n_before) AS n_before
FROM temp.ledger_use AS u
LEFT JOIN temp.ledger_like AS l ON l.record = 'infusion' AND u.infusion_key = l.record_key
WHERE u.dispensing_key IS NULL AND NOT u.is_set_aside AND u.infused_g > 0
