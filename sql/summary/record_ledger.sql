-- One row per record kind: every mapped row is staged, quarantined or set aside.
SELECT
    record,
    mapped_rows,
    staged_rows,
    quarantined_rows,
    set_aside_rows
FROM audit.record_ledger
