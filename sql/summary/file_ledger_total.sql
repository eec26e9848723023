-- One row: the sum of all files.
SELECT
    SUM(raw_rows) AS raw_rows,
    SUM(mapped_rows) AS mapped_rows,
    SUM(not_mapped_rows) AS not_mapped_rows,
    SUM(unreadable_rows) AS unreadable_rows
FROM report.file_ledger
