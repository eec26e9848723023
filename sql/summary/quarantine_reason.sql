-- One row per record kind, column and check that kept rows in quarantine.
-- A row that failed two checks counts in both; the record ledger counts each row once.
SELECT
    record,
    column_name,
    check_name,
    COUNT(*) AS n_rows
FROM temp.quarantined_row
GROUP BY record, column_name, check_name
