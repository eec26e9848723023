-- One row per record kind supplied: its rows, and how many passed validation.
-- Rows set aside are good ones that do not count, such as exact copies.
SELECT
    record,
    mapped_rows,
    staged_rows + set_aside_rows AS passed_rows,
    quarantined_rows
FROM audit.record_ledger
ORDER BY record
