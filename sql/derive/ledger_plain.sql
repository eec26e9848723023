-- One row per dispensing and infusion that stand for each other: the infusion names the dispensing,
-- no other one does, nothing came back or was discarded, and what both record is the same. Nearly
-- all are; the steps of the ledger that follow look at the others only.
SELECT
    d.dispensing_key,
    d.dispensed_on,
    i.started_on,
    d.dose_g,
    p.ledger_product_key,
    COALESCE(d.site_id, i.site_id) AS site_id
FROM staged.infusion AS i
INNER JOIN staged.dispensing AS d
    ON
        i.dispensing_key = d.dispensing_key
        AND i.dose_g = d.dose_g
        AND i.product_code = d.product_code
INNER JOIN derived.ledger_product AS p
    ON d.product_code = p.product_code AND d.route IS NOT DISTINCT FROM p.route_text
ANTI JOIN temp.ledger_blocked AS b ON d.dispensing_key = b.dispensing_key
WHERE
    i.route IS NOT DISTINCT FROM d.route
    AND i.status IS DISTINCT FROM 'not_given'
    AND (i.lot_number != d.lot_number) IS NOT TRUE
    AND (d.returned_g > 0) IS NOT TRUE
    AND (d.wasted_g > 0) IS NOT TRUE
