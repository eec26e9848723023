-- One row per place where a bag or an issue names the lot asked for, one that may be it, or a
-- neighbour. The product of a row of `*_lot` is its own; grams are those of the lot where they are
-- told, or those of the whole bag or issue where it has no other lot.
-- Reads what `derived.lot` reads, but for the few lots in question, which is much faster.
WITH listed AS (
    SELECT
        'infusion' AS record,
        l.infusion_key AS record_key,
        'infusion_lot' AS lot_record,
        l.product_code,
        l.expires_on,
        l.vial_size_g,
        l.n_vials,
        l.dose_g,
        l.wasted_g,
        w.*
    FROM staged.infusion_lot AS l
    INNER JOIN temp.written AS w ON l.lot_number = w.lot_number
    UNION ALL
    SELECT
        'dispensing' AS record,
        l.dispensing_key AS record_key,
        'dispensing_lot' AS lot_record,
        l.product_code,
        l.expires_on,
        l.vial_size_g,
        l.n_vials,
        l.dose_g,
        l.wasted_g,
        w.*
    FROM staged.dispensing_lot AS l
    INNER JOIN temp.written AS w ON l.lot_number = w.lot_number
),

parent AS (
    SELECT
        'infusion' AS record,
        i.infusion_key AS record_key,
        'infusion' AS lot_record,
        i.product_code,
        NULL AS expires_on,
        NULL AS vial_size_g,
        NULL AS n_vials,
        i.dose_g,
        NULL AS wasted_g,
        w.*
    FROM staged.infusion AS i
    INNER JOIN temp.written AS w ON i.lot_number = w.lot_number
    UNION ALL
    SELECT
        'dispensing' AS record,
        d.dispensing_key AS record_key,
        'dispensing' AS lot_record,
        d.product_code,
        d.expires_on,
        d.vial_size_g,
        d.n_vials,
        d.dose_g,
        NULL AS wasted_g,
        w.*
    FROM staged.dispensing AS d
    INNER JOIN temp.written AS w ON d.lot_number = w.lot_number
),

named AS (
    SELECT *
    FROM listed
    UNION ALL
    SELECT p.*
    FROM parent AS p
    ANTI JOIN listed AS l
        ON p.record = l.record AND p.record_key = l.record_key AND p.typed = l.typed
),

beside AS (
    -- bags and issues with a row of another lot than one of these
    SELECT DISTINCT
        n.record,
        n.record_key
    FROM named AS n
    LEFT JOIN staged.infusion_lot AS i
        ON
            n.record = 'infusion'
            AND n.record_key = i.infusion_key
            AND n.lot_number != i.lot_number
    LEFT JOIN staged.dispensing_lot AS d
        ON
            n.record = 'dispensing'
            AND n.record_key = d.dispensing_key
            AND n.lot_number != d.lot_number
    WHERE i.infusion_key IS NOT NULL OR d.dispensing_key IS NOT NULL
)

SELECT
    n.record,
    n.record_key,
    n.lot_number,
    n.likeness,
    n.likeness_order,
    n.expires_on,
    n.product_code,
    CAST(
        CASE
            -- the bag's own lot beside rows of other lots: its share of the bag is not told
            WHEN b.record IS NOT NULL AND n.lot_record = n.record THEN NULL
            WHEN n.dose_g IS NOT NULL THEN n.dose_g
            WHEN n.wasted_g IS NOT NULL AND n.n_vials IS NOT NULL AND n.vial_size_g IS NOT NULL
                THEN n.vial_size_g * n.n_vials - n.wasted_g
            WHEN n.n_vials IS NOT NULL AND n.vial_size_g IS NOT NULL
                THEN n.vial_size_g * n.n_vials
            WHEN b.record IS NULL THEN COALESCE(i.dose_g, d.dose_g)
        END AS DECIMAL(12, 3)
    ) AS lot_g
FROM named AS n
LEFT JOIN beside AS b ON n.record = b.record AND n.record_key = b.record_key
LEFT JOIN staged.infusion AS i ON n.record = 'infusion' AND n.record_key = i.infusion_key
LEFT JOIN staged.dispensing AS d ON n.record = 'dispensing' AND n.record_key = d.dispensing_key
