-- One row per closed month of the last twelve† and comparison that signalled in it.
WITH newest AS (
    SELECT CAST(MAX(look_on) - INTERVAL 11 MONTH AS DATE) AS from_on
    FROM audit.signal_month
)

SELECT
    s.*, -- noqa: AM04
    e.event_name,
    COALESCE(b.brand, s.product_id) AS product
FROM audit.signal_look AS s
INNER JOIN newest AS n ON s.look_on >= n.from_on
LEFT JOIN temp.event_named AS e
    ON s.event_code = e.event_code AND (s.ascertainment = 'detected') = e.is_definition
LEFT JOIN guideline.product AS b ON s.product_id = b.product_id
WHERE s.is_signal
