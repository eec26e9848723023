-- One row: the sum of all classes of infusion.
SELECT
    SUM(n_rows) AS n_rows,
    SUM(grams) AS grams,
    SUM(n_without_grams) AS n_without_grams
FROM report.infusion_ledger
