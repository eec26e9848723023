-- One row per unit and kind of figure that signalled in one of the last twelve† closed months: the
-- first and the last month of these, and what the last one saw.
WITH newest AS (
    SELECT CAST(MAX(look_on) - INTERVAL 11 MONTH AS DATE) AS from_on
    FROM audit.signal_month
),

told AS (
    SELECT
        s.*,
        MIN(s.look_on) OVER of_unit AS first_on,
        COUNT(*) OVER of_unit AS n_months
    FROM audit.signal_look AS s
    INNER JOIN newest AS n ON s.look_on >= n.from_on
    WHERE s.is_signal
    WINDOW
        of_unit AS (
            PARTITION BY s.ascertainment, s.event_code, s.unit_kind, s.product_id, s.unit_id
        )
    QUALIFY s.look_on = MAX(s.look_on) OVER of_unit
)

SELECT
    s.look_on AS last_on,
    s.first_on,
    s.n_months,
    s.ascertainment,
    s.event_code,
    s.unit_kind,
    s.product_id,
    s.unit_id,
    s.events,
    s.expected,
    s.chance,
    s.threshold,
    e.event_name,
    COALESCE(b.brand, s.product_id) AS product
FROM told AS s
LEFT JOIN temp.event_named AS e
    ON s.event_code = e.event_code AND (s.ascertainment = 'detected') = e.is_definition
LEFT JOIN guideline.product AS b ON s.product_id = b.product_id
