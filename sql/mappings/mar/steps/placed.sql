-- One row per action of an immune globulin that stands, in its place in the order: which bag it is
-- about, whether the bag was running, standing still or gone, and what became of the action.
-- Within a minute a bag ends before the next begins, rates follow bags and a restart a pause.
WITH numbered AS (
    SELECT
        source_file,
        source_row,
        order_id,
        patient_id,
        kind,
        acted_at,
        is_repeated,
        is_day_alone,
        rate_ml_per_h,
        -- an order of two patients would give two infusions one name
        CASE
            WHEN
                MIN(patient_id) OVER (PARTITION BY order_id)
                = MAX(patient_id) OVER (PARTITION BY order_id)
                THEN order_id
            ELSE CONCAT_WS('-', order_id, patient_id)
        END AS order_name,
        ROW_NUMBER() OVER (
            PARTITION BY order_id, patient_id
            ORDER BY
                acted_at,
                CASE kind
                    WHEN 'stopped' THEN 0
                    WHEN 'new_bag' THEN 1
                    WHEN 'given' THEN 1
                    WHEN 'rate_change' THEN 2
                    WHEN 'paused' THEN 3
                    WHEN 'restarted' THEN 4
                    ELSE 5
                END,
                action_id,
                source_file,
                source_row
        ) AS place
    FROM step.action
    WHERE fate IS NULL
),

bagged AS (
    SELECT
        *,
        COUNT(*) FILTER (WHERE kind IN ('new_bag', 'given')) OVER (
            PARTITION BY order_id, patient_id ORDER BY place
        ) AS bag_number
    FROM numbered
),

bounded AS (
    SELECT
        *,
        MIN(CASE WHEN kind = 'stopped' THEN place END) OVER bag AS stop_place,
        MIN(acted_at) OVER bag AS began,
        -- whether the bag was left standing still by the last action before this one
        LAST_VALUE(
            CASE WHEN kind IN ('new_bag', 'given', 'paused', 'restarted') THEN kind END IGNORE NULLS
        ) OVER before AS state_before,
        LAST_VALUE(
            CASE
                WHEN kind IN ('new_bag', 'given', 'rate_change', 'restarted') THEN rate_ml_per_h
            END IGNORE NULLS
        ) OVER before AS rate_before
    FROM bagged
    WINDOW
        bag AS (PARTITION BY order_id, patient_id, bag_number),
        before AS (
            PARTITION BY order_id, patient_id, bag_number
            ORDER BY place
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
)

SELECT
    source_file,
    source_row,
    order_id,
    patient_id,
    order_name,
    kind,
    acted_at,
    is_repeated,
    is_day_alone,
    rate_ml_per_h,
    place,
    bag_number,
    stop_place,
    began,
    bag_number > 0 AND (stop_place IS NULL OR place <= stop_place) AS is_in_bag,
    CASE
        WHEN kind IN ('new_bag', 'given') THEN 'bag'
        WHEN kind = 'unknown' THEN 'action_unknown'
        WHEN kind = 'not_given' AND bag_number > 0 AND place < stop_place THEN 'not_given_in_bag'
        WHEN kind = 'not_given' THEN 'not_given'
        WHEN bag_number = 0 OR place > stop_place
            THEN
                CASE kind
                    WHEN 'stopped' THEN 'stop_without_bag'
                    WHEN 'restarted' THEN 'restart_without_pause'
                    WHEN 'paused' THEN 'pause_without_bag'
                    WHEN 'rate_change' THEN 'rate_without_bag'
                    ELSE 'verified'
                END
        WHEN kind = 'stopped' THEN 'stopped'
        WHEN kind = 'paused' AND state_before = 'paused' THEN 'pause_twice'
        WHEN kind = 'restarted' AND state_before != 'paused' THEN 'restart_without_pause'
        WHEN kind = 'rate_change' AND state_before = 'paused' THEN 'rate_in_pause'
        WHEN kind = 'rate_change' AND rate_ml_per_h IS NULL THEN 'rate_unread'
        WHEN
            kind = 'verified' AND state_before != 'paused' AND rate_ml_per_h != rate_before
            THEN 'verify_differs'
        ELSE kind
    END AS fate
FROM bounded
