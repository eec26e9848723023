-- One row per line that found its partner in time, with the line it became part of. A dispensing
-- left over near an infusion whose grams nobody wrote down belongs to the nearest such: how much of
-- it was infused is then unknown.
WITH silent AS (
    SELECT
        infusion_key,
        patient_key,
        product_id,
        started_on,
        started_at,
        is_at_home
    FROM temp.ledger_use
    WHERE dispensing_key IS NULL AND infused_g IS NULL AND NOT is_set_aside
),

left_over AS (
    SELECT l.*
    FROM temp.ledger_loose AS l
    ANTI JOIN temp.ledger_tie AS t ON l.node_key = t.node_key
    WHERE l.grams > 0 AND NOT l.is_rest
),

near AS (
    SELECT
        l.node_key,
        s.infusion_key,
        ROW_NUMBER() OVER (
            PARTITION BY l.node_key
            ORDER BY
                CASE
                    WHEN l.at_time IS NULL OR s.started_at IS NULL
                        THEN ABS(DATE_DIFF('day', l.on_day, s.started_on)) * 1440
                    ELSE ABS(DATE_DIFF('minute', l.at_time, s.started_at))
                END,
                s.infusion_key
        ) AS place
    FROM left_over AS l
    CROSS JOIN guideline.policy AS p
    INNER JOIN silent AS s
        ON
            l.patient_key = s.patient_key
            AND (l.product_id != s.product_id) IS NOT TRUE
            AND s.started_on >= l.on_day - p.ledger_late_days
            AND s.started_on <= l.on_day + IF(s.is_at_home, p.ledger_days_home, p.ledger_days)
),

silent_line AS (
    SELECT
        infusion_key,
        node_key,
        MIN(node_key) OVER (PARTITION BY infusion_key) AS line_key
    FROM near
    WHERE place = 1
)

SELECT
    node_key,
    line_key,
    is_ambiguous
FROM temp.ledger_tie
UNION ALL
SELECT
    node_key,
    line_key,
    FALSE AS is_ambiguous
FROM silent_line
UNION ALL
SELECT DISTINCT
    -infusion_key AS node_key,
    line_key,
    FALSE AS is_ambiguous
FROM silent_line
