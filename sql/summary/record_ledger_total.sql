-- One row: the sum of all record kinds.
SELECT
    SUM(mapped_rows) AS mapped_rows,
    SUM(staged_rows) AS staged_rows,
    SUM(quarantined_rows) AS quarantined_rows,
    SUM(set_aside_rows) AS set_aside_rows,
    SUM(opted_out_rows) AS opted_out_rows
FROM report.record_ledger
