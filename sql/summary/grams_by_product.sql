-- One row per product given (NULL: the code was resolved to no product).
SELECT
    i.product_id,
    b.brand,
    SUM(i.dose_g) AS grams,
    CAST(SUM(i.dose_g) / NULLIF(MAX(u.grams), 0) AS DECIMAL(9, 6)) AS share_grams,
    COUNT(*) AS n_infusions,
    COUNT(DISTINCT i.patient_key) AS n_patients
FROM temp.counted_infusion AS i
CROSS JOIN report.use_total AS u
LEFT JOIN guideline.product AS b ON i.product_id = b.product_id
GROUP BY i.product_id, b.brand
