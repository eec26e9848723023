-- One row per lot in an infusion or dispensing: rows of infusion_lot and dispensing_lot, and the
-- `lot_number` of a bag or issue that has no such row of the same lot.
-- `lot` is the number without blanks, hyphens and case: how it was typed is not which lot it is.
WITH listed AS (
    SELECT
        'infusion' AS record,
        infusion_key AS record_key,
        'infusion_lot' AS lot_record,
        infusion_lot_key AS lot_record_key,
        lot_number,
        expires_on,
        vial_size_g,
        n_vials,
        dose_g,
        wasted_g
    FROM staged.infusion_lot
    UNION ALL
    SELECT
        'dispensing' AS record,
        dispensing_key AS record_key,
        'dispensing_lot' AS lot_record,
        dispensing_lot_key AS lot_record_key,
        lot_number,
        expires_on,
        vial_size_g,
        n_vials,
        dose_g,
        wasted_g
    FROM staged.dispensing_lot
),

parent AS (
    SELECT
        'infusion' AS record,
        infusion_key AS record_key,
        'infusion' AS lot_record,
        infusion_key AS lot_record_key,
        lot_number,
        NULL AS expires_on,
        NULL AS vial_size_g,
        NULL AS n_vials,
        dose_g,
        NULL AS wasted_g
    FROM staged.infusion
    WHERE lot_number IS NOT NULL
    UNION ALL
    SELECT
        'dispensing' AS record,
        dispensing_key AS record_key,
        'dispensing' AS lot_record,
        dispensing_key AS lot_record_key,
        lot_number,
        expires_on,
        vial_size_g,
        n_vials,
        dose_g,
        wasted_g
    FROM staged.dispensing
    WHERE lot_number IS NOT NULL
),

every AS (
    SELECT
        *,
        UPPER(REPLACE(REPLACE(lot_number, ' ', ''), '-', '')) AS lot
    FROM listed
    UNION ALL
    SELECT
        p.*,
        UPPER(REPLACE(REPLACE(p.lot_number, ' ', ''), '-', '')) AS lot
    FROM parent AS p
    ANTI JOIN listed AS l
        ON
            p.record = l.record
            AND p.record_key = l.record_key
            AND UPPER(REPLACE(REPLACE(p.lot_number, ' ', ''), '-', ''))
            = UPPER(REPLACE(REPLACE(l.lot_number, ' ', ''), '-', ''))
)

SELECT
    record,
    record_key,
    lot_record,
    lot_record_key,
    lot_number,
    lot,
    expires_on,
    vial_size_g,
    n_vials,
    dose_g,
    wasted_g
FROM every
