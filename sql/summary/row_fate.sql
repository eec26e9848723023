-- One row per thing that became of the rows a layout keeps an account of, with their grams.
SELECT
    fate,
    SUM(n_rows) AS n_rows,
    COUNT(code) AS n_codes,
    SUM(grams) AS grams
FROM audit.row_account
GROUP BY fate
