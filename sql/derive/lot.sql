-- One row per lot in an infusion or dispensing: rows of infusion_lot and dispensing_lot, and the
-- `lot_number` of a bag or issue that has no such row of the same lot.
SELECT
    'infusion' AS record,
    infusion_key AS record_key,
    'infusion_lot' AS lot_record,
    infusion_lot_key AS lot_record_key,
    lot_number,
    -- blanks, hyphens and case are how it was typed, not which lot it is
    UPPER(REGEXP_REPLACE(lot_number, '[^0-9A-Za-z]', '', 'g')) AS lot,
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
    UPPER(REGEXP_REPLACE(lot_number, '[^0-9A-Za-z]', '', 'g')) AS lot,
    expires_on,
    vial_size_g,
    n_vials,
    dose_g,
    wasted_g
FROM staged.dispensing_lot
UNION ALL
SELECT
    'infusion' AS record,
    i.infusion_key AS record_key,
    'infusion' AS lot_record,
    i.infusion_key AS lot_record_key,
    i.lot_number,
    UPPER(REGEXP_REPLACE(i.lot_number, '[^0-9A-Za-z]', '', 'g')) AS lot,
    NULL AS expires_on,
    NULL AS vial_size_g,
    NULL AS n_vials,
    i.dose_g,
    NULL AS wasted_g
FROM staged.infusion AS i
ANTI JOIN staged.infusion_lot AS l
    ON
        i.infusion_key = l.infusion_key
        AND UPPER(REGEXP_REPLACE(i.lot_number, '[^0-9A-Za-z]', '', 'g'))
        = UPPER(REGEXP_REPLACE(l.lot_number, '[^0-9A-Za-z]', '', 'g'))
WHERE i.lot_number IS NOT NULL
UNION ALL
SELECT
    'dispensing' AS record,
    d.dispensing_key AS record_key,
    'dispensing' AS lot_record,
    d.dispensing_key AS lot_record_key,
    d.lot_number,
    UPPER(REGEXP_REPLACE(d.lot_number, '[^0-9A-Za-z]', '', 'g')) AS lot,
    d.expires_on,
    d.vial_size_g,
    d.n_vials,
    d.dose_g,
    d.wasted_g
FROM staged.dispensing AS d
ANTI JOIN staged.dispensing_lot AS l
    ON
        d.dispensing_key = l.dispensing_key
        AND UPPER(REGEXP_REPLACE(d.lot_number, '[^0-9A-Za-z]', '', 'g'))
        = UPPER(REGEXP_REPLACE(l.lot_number, '[^0-9A-Za-z]', '', 'g'))
WHERE d.lot_number IS NOT NULL
