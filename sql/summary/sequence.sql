-- One row per product or lot above its peers and closed month of its use: MaxSPRT and cumulative
-- sum of all reported events against the rate of its peers.
SELECT
    f.*, -- noqa: AM04
    COALESCE(b.brand, f.product_id) AS product
FROM audit.sequence AS f
LEFT JOIN guideline.product AS b ON f.product_id = b.product_id
