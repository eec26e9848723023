-- One row per record kind: every mapped row is staged, quarantined, set aside or left
-- out because the patient opted out.
SELECT
    record,
    mapped_rows,
    staged_rows,
    quarantined_rows,
    set_aside_rows,
    opted_out_rows
FROM audit.record_ledger
