-- One row per line of the claims: its code, what became of it and the grams it bills.
SELECT
    source_file,
    source_row,
    code,
    fate,
    dose_g AS grams
FROM step.billed
