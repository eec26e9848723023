-- Exactly one row: the lot and the product asked for, as they were typed; product NULL: any.
SELECT
    TRIM($lot) AS lot_number,
    NULLIF(TRIM($product), '') AS product
