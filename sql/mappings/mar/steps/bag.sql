-- One row per bag, put together from its actions: when it ran, how fast, how much, and in what the
-- record does not make sense. `fate` is why there are no grams or no end, if there are none.
-- Rates are all known or none is told: a rate that was not written may have been the highest.
-- In an hour that the clocks showed twice nobody knows how long a rate ran or when a bag ended.
WITH unplaced AS (
    SELECT
        order_id,
        patient_id
    FROM step.action
    WHERE is_globulin AND fate IN ('time_unread', 'versions_unordered')
    GROUP BY order_id, patient_id
),

ran AS (
    SELECT
        order_id,
        patient_id,
        bag_number,
        COUNT(rate_ml_per_h) = COUNT(*) AS is_rated,
        MAX(rate_ml_per_h) AS highest_ml_per_h,
        SUM(rate_ml_per_h * seconds) AS ml_seconds,
        SUM(CASE WHEN rate_ml_per_h = 0 THEN seconds ELSE 0 END) AS still_seconds
    FROM step.ran
    GROUP BY order_id, patient_id, bag_number
),

gathered AS (
    SELECT
        order_id,
        patient_id,
        bag_number,
        MIN(CASE WHEN fate = 'stopped' THEN source_file END) AS stop_file,
        MIN(CASE WHEN fate = 'stopped' THEN source_row END) AS stop_row,
        BOOL_OR(fate = 'action_unknown') AS has_unknown,
        BOOL_OR(fate = 'not_given_in_bag') AS has_not_given,
        BOOL_OR(fate IN ('pause_twice', 'verify_differs', 'rate_unread')) AS is_rate_broken,
        BOOL_OR(fate = 'restart_without_pause') AS is_pause_missing,
        BOOL_OR(is_repeated AND fate NOT IN ('verified', 'not_given')) AS is_repeated,
        BOOL_OR(is_repeated AND fate IN ('bag', 'stopped')) AS is_end_repeated,
        BOOL_OR(is_day_alone AND fate NOT IN ('verified', 'not_given')) AS is_day_alone
    FROM step.placed
    WHERE is_in_bag
    GROUP BY order_id, patient_id, bag_number
),

joined AS (
    SELECT
        p.source_file,
        p.source_row,
        p.order_id,
        p.patient_id,
        CONCAT_WS('-', p.order_name, p.bag_number) AS infusion_id,
        p.bag_number,
        p.kind,
        p.rate_ml_per_h AS first_ml_per_h,
        a.product_code,
        a.dose,
        a.amount,
        a.measure,
        a.factor,
        a.concentration_g_per_l,
        g.stop_file,
        g.stop_row,
        g.is_repeated,
        g.is_end_repeated,
        -- how long each rate ran is known
        NOT g.is_pause_missing
        AND NOT g.is_repeated
        AND NOT g.is_day_alone
        AND g.stop_row IS NOT NULL AS is_timed,
        g.has_not_given,
        g.has_unknown OR u.order_id IS NOT NULL AS has_unknown,
        r.is_rated AND NOT g.is_rate_broken AS is_rated,
        r.highest_ml_per_h,
        r.ml_seconds,
        r.still_seconds,
        p.bag_number < MAX(p.bag_number) OVER (PARTITION BY p.order_id, p.patient_id) AS is_followed
    FROM step.placed AS p
    INNER JOIN step.action AS a
        ON p.source_file = a.source_file AND p.source_row = a.source_row
    INNER JOIN gathered AS g
        ON
            p.order_id = g.order_id
            AND p.patient_id = g.patient_id
            AND p.bag_number = g.bag_number
    LEFT JOIN ran AS r
        ON
            p.order_id = r.order_id
            AND p.patient_id = r.patient_id
            AND p.bag_number = r.bag_number
    LEFT JOIN unplaced AS u ON p.order_id = u.order_id AND p.patient_id = u.patient_id
    WHERE p.fate = 'bag'
),

weighed AS (
    SELECT
        *,
        CASE
            WHEN has_unknown THEN 'bag_with_unknown'
            WHEN has_not_given THEN 'bag_not_given'
            WHEN dose IS NULL THEN 'dose_missing'
            WHEN amount IS NULL OR amount = 0 THEN 'dose_unread'
            WHEN measure IS NULL THEN 'dose_unit_unknown'
            WHEN measure = 'volume' AND concentration_g_per_l IS NULL THEN 'strength_missing'
        END AS weightless,
        CAST(
            ROUND(
                CASE measure
                    WHEN 'mass' THEN amount * factor
                    WHEN 'volume' THEN amount * factor * concentration_g_per_l / 1000
                END, 3
            ) AS DECIMAL(18, 3)
        ) AS grams,
        CASE
            WHEN is_rated AND NOT has_unknown AND is_timed
                THEN CAST(ROUND(ml_seconds / 3600, 3) AS DECIMAL(18, 3))
            WHEN measure = 'volume' AND NOT has_unknown THEN CAST(amount * factor AS DECIMAL(18, 3))
        END AS volume_ml
    FROM joined
)

SELECT
    source_file,
    source_row,
    order_id,
    patient_id,
    bag_number,
    infusion_id,
    product_code,
    stop_file,
    stop_row,
    CASE WHEN weightless IS NULL THEN grams END AS dose_g,
    volume_ml,
    CASE WHEN is_rated AND NOT has_unknown AND first_ml_per_h > 0 THEN first_ml_per_h END
        AS initial_rate_ml_per_h,
    CASE WHEN is_rated AND NOT has_unknown AND highest_ml_per_h > 0 THEN highest_ml_per_h END
        AS max_rate_ml_per_h,
    is_rated AND NOT has_unknown AS is_rated,
    is_repeated,
    is_end_repeated,
    CASE
        WHEN is_rated AND NOT has_unknown AND is_timed
            THEN CAST(ROUND(still_seconds / 60, 3) AS DECIMAL(18, 3))
    END AS paused_minutes,
    CASE
        WHEN weightless IS NOT NULL THEN weightless
        WHEN kind = 'given' AND stop_row IS NULL THEN 'given'
        WHEN stop_row IS NULL AND is_followed THEN 'two_bags_at_once'
        WHEN stop_row IS NULL THEN 'bag_without_stop'
        WHEN is_end_repeated THEN 'bag_in_repeated_hour'
        ELSE 'bag'
    END AS fate
FROM weighed
