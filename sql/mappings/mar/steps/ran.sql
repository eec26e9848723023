-- One row per moment at which the rate of a bag was set: by the bag, a change, a pause (0) or a
-- restart; with how long it ran so. A rate that was not written is NULL.
WITH setting AS (
    SELECT
        order_id,
        patient_id,
        bag_number,
        source_file,
        source_row,
        place,
        acted_at,
        fate,
        CASE WHEN fate = 'paused' THEN 0 ELSE rate_ml_per_h END AS rate_ml_per_h
    FROM step.placed
    WHERE
        is_in_bag
        AND (
            fate IN ('rate_change', 'rate_unread', 'paused', 'restarted', 'stopped')
            OR (fate = 'restart_without_pause' AND rate_ml_per_h IS NOT NULL)
            OR fate = 'bag'
        )
),

timed AS (
    SELECT
        *,
        LEAD(acted_at) OVER (PARTITION BY order_id, patient_id, bag_number ORDER BY place)
            AS next_at
    FROM setting
)

SELECT
    order_id,
    patient_id,
    bag_number,
    source_file,
    source_row,
    acted_at,
    fate,
    rate_ml_per_h,
    DATE_DIFF('second', acted_at, next_at) AS seconds
FROM timed
WHERE
    fate != 'stopped'
    -- the bag's own rate may be written as a change in the same minute
    AND NOT (fate = 'bag' AND rate_ml_per_h IS NULL AND next_at IS NOT DISTINCT FROM acted_at)
