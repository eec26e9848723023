-- One row per lot of an infusion whose bag was made of several: its ingredients and their batches.
SELECT
    record_id AS infusion_id,
    product_code,
    lot_number,
    expires_on,
    vial_size_g,
    n_vials,
    dose_g,
    source_file,
    source_row
FROM step.packed
WHERE record = 'infusion'
