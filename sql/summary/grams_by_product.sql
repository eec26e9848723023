-- One row per product given (NULL: the code was resolved to no product).
WITH given AS (
    SELECT
        product_id,
        SUM(dose_g) AS grams,
        COUNT(*) AS n_infusions,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM temp.counted_infusion
    GROUP BY product_id
)

SELECT
    i.product_id,
    b.brand,
    i.grams,
    CAST(i.grams / NULLIF(u.grams, 0) AS DECIMAL(9, 6)) AS share_grams,
    i.n_infusions,
    i.n_patients
FROM given AS i
CROSS JOIN report.use_total AS u
LEFT JOIN guideline.product AS b ON i.product_id = b.product_id
