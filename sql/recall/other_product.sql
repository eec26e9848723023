-- One row per other product that has the number too: makers number their lots independently, so
-- these are other lots, left out because a product was asked for.
SELECT
    product,
    COUNT(*) AS n_lines,
    COUNT(DISTINCT person) AS n_patients
FROM temp.line
WHERE NOT is_listed
GROUP BY product
ORDER BY product
