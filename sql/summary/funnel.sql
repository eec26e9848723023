-- One row per product and site: its rate of all reported events, and between which rates it would
-- lie by chance with so many sessions, also where places differ more than by chance.
SELECT
    f.*, -- noqa: AM04
    COALESCE(b.brand, f.product_id) AS product
FROM audit.funnel AS f
LEFT JOIN guideline.product AS b ON f.product_id = b.product_id
