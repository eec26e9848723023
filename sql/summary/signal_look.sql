-- One row per closed month of the last twelve† and comparison that signalled in it.
WITH newest AS (
    SELECT CAST(MAX(look_on) - INTERVAL 11 MONTH AS DATE) AS from_on
    FROM audit.signal_month
)

SELECT
    s.*, -- noqa: AM04
    COALESCE(e.name, d.title) AS event_name,
    COALESCE(b.brand, s.product_id) AS product
FROM audit.signal_look AS s
INNER JOIN newest AS n ON s.look_on >= n.from_on
LEFT JOIN guideline.event AS e ON s.event_code = e.event_code AND s.ascertainment != 'detected'
LEFT JOIN guideline.event_definition AS d
    ON s.event_code = d.definition_id AND s.ascertainment = 'detected'
LEFT JOIN guideline.product AS b ON s.product_id = b.product_id
WHERE s.is_signal
