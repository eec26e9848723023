-- One row per bag or issue in the records that names no lot, in its own row or in rows of `*_lot`.
SELECT
    'infusion' AS record,
    i.infusion_key AS record_key,
    i.dispensing_key
FROM staged.infusion AS i
ANTI JOIN staged.infusion_lot AS l ON i.infusion_key = l.infusion_key
WHERE i.lot_number IS NULL
UNION ALL
SELECT
    'dispensing' AS record,
    d.dispensing_key AS record_key,
    NULL AS dispensing_key
FROM staged.dispensing AS d
ANTI JOIN staged.dispensing_lot AS l ON d.dispensing_key = l.dispensing_key
WHERE d.lot_number IS NULL
