-- One row per lot of an issue that was made up of several: its ingredients and their batches.
SELECT
    record_id AS dispensing_id,
    product_code,
    lot_number,
    expires_on,
    vial_size_g,
    n_vials,
    dose_g,
    source_file,
    source_row
FROM step.packed
WHERE record = 'dispensing'
