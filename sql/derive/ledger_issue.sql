-- One row per dispensing that needs a closer look: what it issued, what of it came back or was
-- discarded, and what the infusions that name it say. Nothing recorded as returned or wasted means
-- that none was. Waste written down lot by lot counts where the dispensing itself names none.
WITH supplied AS (
    SELECT COUNT(*) AS n_kinds
    FROM audit.record_supplied
    WHERE record IN ('infusion', 'dispensing')
),

lot_waste AS (
    SELECT
        dispensing_key,
        SUM(wasted_g) AS wasted_g
    FROM staged.dispensing_lot
    WHERE wasted_g > 0
    GROUP BY dispensing_key
),

named AS (
    SELECT
        dispensing_key,
        COUNT(*) FILTER (WHERE NOT is_not_given) AS n_given,
        SUM(infused_g) AS infused_g,
        SUM(wasted_g) AS use_wasted_g,
        COUNT(*) - COUNT(infused_g) AS n_unknown,
        MIN(product_id) AS least_brand,
        MAX(product_id) AS last_brand,
        MAX(started_on) AS last_on,
        MAX(started_at) AS last_at
    FROM temp.ledger_use
    WHERE dispensing_key IS NOT NULL
    GROUP BY dispensing_key
),

issued AS (
    SELECT
        d.dispensing_key,
        d.patient_key,
        d.site_id,
        d.dispensed_on,
        d.dispensed_at,
        d.lot_number,
        p.product_id,
        p.is_set_aside,
        d.dose_g AS dispensed_g,
        CASE WHEN d.returned_g > 0 THEN d.returned_g ELSE 0 END AS returned_g,
        CASE
            WHEN d.wasted_g > 0 THEN d.wasted_g
            WHEN d.wasted_g IS NULL AND w.wasted_g > 0 THEN w.wasted_g
            ELSE 0
        END AS wasted_g
    FROM staged.dispensing AS d
    INNER JOIN supplied ON supplied.n_kinds = 2
    INNER JOIN derived.ledger_product AS p
        ON d.product_code = p.product_code AND d.route IS NOT DISTINCT FROM p.route_text
    ANTI JOIN temp.ledger_plain AS x ON d.dispensing_key = x.dispensing_key
    LEFT JOIN lot_waste AS w ON d.dispensing_key = w.dispensing_key
)

SELECT
    i.*,
    CAST(i.dispensed_g - i.returned_g - i.wasted_g AS DECIMAL(12, 3)) AS kept_g,
    n.n_given,
    n.infused_g,
    n.use_wasted_g,
    n.n_unknown,
    n.least_brand,
    n.last_brand,
    n.last_on,
    n.last_at
FROM issued AS i
LEFT JOIN named AS n ON i.dispensing_key = n.dispensing_key
