-- One row per record kind and reason good rows were set aside for.
SELECT
    record,
    reason,
    COUNT(*) AS n_rows
FROM staged.set_aside
GROUP BY record, reason
