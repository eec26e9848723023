-- One row per infusion that needs a closer look: what was infused and discarded beside it, and the
-- dispensing it names. What was not given is 0 g whatever was planned; a dose nobody wrote down is
-- NULL. Without records of dispensing there is nothing to look at.
WITH supplied AS (
    SELECT COUNT(*) AS n_kinds
    FROM audit.record_supplied
    WHERE record IN ('infusion', 'dispensing')
),

lot_waste AS (
    SELECT
        infusion_key,
        SUM(wasted_g) AS wasted_g
    FROM staged.infusion_lot
    WHERE wasted_g > 0
    GROUP BY infusion_key
)

SELECT
    i.infusion_key,
    i.patient_key,
    i.site_id,
    i.started_on,
    i.started_at,
    i.dispensing_key,
    i.lot_number,
    p.product_id,
    p.is_set_aside,
    i.status = 'not_given' IS TRUE AS is_not_given,
    i.care_setting = 'home' IS TRUE AS is_at_home,
    CASE WHEN i.status = 'not_given' THEN 0 ELSE i.dose_g END AS infused_g,
    CASE WHEN w.wasted_g > 0 THEN w.wasted_g ELSE 0 END AS wasted_g
FROM staged.infusion AS i
INNER JOIN supplied ON supplied.n_kinds = 2
INNER JOIN derived.ledger_product AS p
    ON i.product_code = p.product_code AND i.route IS NOT DISTINCT FROM p.route_text
ANTI JOIN temp.ledger_plain AS x ON i.dispensing_key = x.dispensing_key
LEFT JOIN lot_waste AS w ON i.infusion_key = w.infusion_key
