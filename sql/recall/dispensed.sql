-- One row per issue and product of the lot that is not shown infused, or not all of it; and every
-- subcutaneous one, for home use is seldom charted. What came back or was discarded is listed too:
-- it may have been issued again.
WITH given AS (
    SELECT
        t.dispensing_key,
        COUNT(*) AS n_infusions
    FROM temp.traced AS t
    INNER JOIN staged.infusion AS i ON t.infusion_key = i.infusion_key
    -- a bag of another patient that names the issue is listed, but it is not the issue's fate
    WHERE i.status IS DISTINCT FROM 'not_given' AND t.link = 'dispensed'
    GROUP BY t.dispensing_key
),

short AS (
    -- of whatever kind: also where the ledger doubts that anything is missing
    SELECT
        b.record_key AS dispensing_key,
        MAX(b.grams) AS short_g
    FROM derived.ledger_break AS b
    WHERE b.record = 'dispensing' AND b.grams > 0
    GROUP BY b.record_key
),

supplied AS (
    SELECT COUNT(*) > 0 AS has_infusions
    FROM audit.record_supplied
    WHERE record = 'infusion'
),

fate AS (
    SELECT
        l.*,
        d.patient_key,
        d.dispensed_on,
        d.dose_g,
        d.site_id,
        d.source_file,
        d.source_row,
        (l.is_only_sc OR r.route = 'SC') IS TRUE AS is_subcutaneous,
        COALESCE(r.route, IF(l.is_only_sc, 'SC', NULL)) AS route,
        CASE
            WHEN g.n_infusions > 0 AND s.short_g IS NULL THEN 'infused'
            WHEN g.n_infusions > 0 THEN 'partly_infused'
            WHEN d.returned_g >= d.dose_g THEN 'returned'
            WHEN d.wasted_g >= d.dose_g THEN 'discarded'
            WHEN NOT supplied.has_infusions THEN 'no_infusions_supplied'
            ELSE 'not_infused'
        END AS why
    FROM temp.lot_of_record AS l
    CROSS JOIN supplied
    INNER JOIN staged.dispensing AS d ON l.record_key = d.dispensing_key
    LEFT JOIN given AS g ON l.record_key = g.dispensing_key
    LEFT JOIN short AS s ON l.record_key = s.dispensing_key
    LEFT JOIN temp.route_text AS r ON d.route = r.route_text
    WHERE l.record = 'dispensing'
)

SELECT
    IF(is_subcutaneous, 'subcutaneous', 'not_shown') AS section,
    why,
    likeness,
    likeness_order,
    patient_key,
    dispensed_on AS on_date,
    product,
    fit,
    route,
    lot_number,
    expires_on,
    lot_g,
    dose_g,
    site_id,
    'dispensing' AS record,
    source_file,
    source_row
FROM fate
WHERE why != 'infused'
