-- One row per product code that no product answers to, with the grams that hang on it.
WITH coded AS (
    SELECT
        'infusion' AS record,
        infusion_key AS record_key,
        product_code
    FROM staged.infusion
    UNION ALL
    SELECT
        'dispensing' AS record,
        dispensing_key AS record_key,
        product_code
    FROM staged.dispensing
)

SELECT
    c.product_code,
    COUNT(*) AS n_rows,
    SUM(i.dose_g) AS grams
FROM derived.infusion AS i
INNER JOIN coded AS c ON i.record = c.record AND i.infusion_key = c.record_key
WHERE i.exclusion = 'product_unknown'
GROUP BY c.product_code
