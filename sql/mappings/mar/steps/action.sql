-- One row per action, with its words and numbers read, and whether it still stands.
-- Of versions of an action (one action_id) the newest recorded counts; one that was deleted goes
-- with its older versions, and an action that another corrects gives way to it. A row that is told
-- as deleted without an id takes back what says the same. Nobody knows which of two versions
-- without an order holds: neither is read.
-- A time without an offset is one of the source's zone; one that the clocks skipped cannot be
-- read, one that they showed twice takes the earlier and is told as repeated: no duration is made
-- of it.
WITH timed AS (
    SELECT
        a.source_file,
        a.source_row,
        TRY_CAST(a.action_at AS TIMESTAMP) AS local_at,
        z.zone,
        z.offset_us,
        z.next_offset_us
    FROM raw.mar_action AS a
    INNER JOIN step.zone_day AS z ON TRY_CAST(LEFT(TRIM(a.action_at), 10) AS DATE) = z.local_day
    WHERE
        REGEXP_FULL_MATCH(
            TRIM(a.action_at), '\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?'
        )
),

shifted AS (
    SELECT
        source_file,
        source_row,
        local_at,
        offset_us = next_offset_us AS is_plain,
        MAKE_TIMESTAMP(EPOCH_US(local_at) - offset_us) AS before_at,
        MAKE_TIMESTAMP(EPOCH_US(local_at) - next_offset_us) AS after_at,
        zone
    FROM timed
),

instant AS (
    SELECT
        source_file,
        source_row,
        CASE
            WHEN is_plain OR before_at AT TIME ZONE 'UTC' AT TIME ZONE zone = local_at
                THEN before_at
            WHEN after_at AT TIME ZONE 'UTC' AT TIME ZONE zone = local_at THEN after_at
        END AS acted_at,
        NOT is_plain
        AND before_at AT TIME ZONE 'UTC' AT TIME ZONE zone = local_at
        AND after_at AT TIME ZONE 'UTC' AT TIME ZONE zone = local_at AS is_repeated
    FROM shifted
),

read AS (
    SELECT
        a.source_file,
        a.source_row,
        a.order_id,
        a.patient_id,
        a.action_id,
        a.corrects_action_id,
        COALESCE(w.kind, 'unknown') AS kind,
        CASE
            WHEN i.acted_at IS NOT NULL THEN i.acted_at
            WHEN
                REGEXP_FULL_MATCH(
                    TRIM(a.action_at),
                    '\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)'
                )
                THEN TRY_CAST(a.action_at AS TIMESTAMPTZ) AT TIME ZONE 'UTC'
        END AS acted_at,
        COALESCE(i.is_repeated, FALSE) AS is_repeated,
        NOT CONTAINS(a.action_at, ':') AS is_day_alone,
        TRY_CAST(a.recorded_at AS TIMESTAMPTZ) AT TIME ZONE 'UTC' AS recorded,
        LOWER(TRIM(a.is_deleted)) IN ('true', '1', 'yes', 'y') IS TRUE
        OR COALESCE(w.kind, 'unknown') = 'withdrawn' AS is_back,
        a.dose,
        CASE
            WHEN REGEXP_FULL_MATCH(TRIM(a.dose), '[0-9]{1,9}(\.[0-9]{1,6})?')
                -- wider than it is read, so that a unit takes no mistyped dose out of range
                THEN CAST(TRY_CAST(a.dose AS DECIMAL(15, 6)) AS DECIMAL(24, 6))
        END AS amount,
        amounts.measure,
        amounts.factor,
        CASE
            WHEN REGEXP_FULL_MATCH(TRIM(a.rate), '[0-9]{1,6}(\.[0-9]{1,3})?')
                THEN CAST(TRY_CAST(a.rate AS DECIMAL(9, 3)) * rates.factor AS DECIMAL(15, 3))
        END AS rate_ml_per_h,
        d.is_globulin,
        d.code AS product_code,
        d.concentration_g_per_l,
        HASH(
            a.order_id, a.patient_id, a.medication, a.action, a.action_at, a.action_id, a.dose,
            a.dose_unit, a.rate, a.rate_unit, a.route, a.lot_number, a.recorded_at, a.is_deleted,
            a.corrects_action_id, a.product_code, a.reason
        ) AS content_hash
    FROM raw.mar_action AS a
    LEFT JOIN instant AS i ON a.source_file = i.source_file AND a.source_row = i.source_row
    LEFT JOIN step.word AS w
        ON REGEXP_REPLACE(LOWER(a.action), '[^a-z]', '', 'g') = w.word
    LEFT JOIN step.unit AS amounts
        ON
            LOWER(REPLACE(a.dose_unit, ' ', '')) = amounts.written
            AND amounts.measure IN ('mass', 'volume')
    LEFT JOIN step.unit AS rates
        ON LOWER(REPLACE(a.rate_unit, ' ', '')) = rates.written AND rates.measure = 'rate'
    LEFT JOIN step.drug AS d
        ON
            a.medication IS NOT DISTINCT FROM d.medication
            AND a.product_code IS NOT DISTINCT FROM d.product_code
),

counted AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY content_hash ORDER BY source_file ASC, source_row ASC
        ) AS copy_number
    FROM read
),

versioned AS (
    SELECT
        *,
        action_id IS NOT NULL
        AND COUNT(*) FILTER (WHERE copy_number = 1) OVER version > 1 AS has_versions,
        MAX(recorded) OVER version AS newest,
        COUNT(recorded) OVER version = COUNT(*) OVER version AS is_dated,
        BOOL_OR(is_back AND action_id IS NULL) OVER saying AS is_taken_back
    FROM counted
    WINDOW
        version AS (PARTITION BY order_id, patient_id, action_id),
        saying AS (PARTITION BY order_id, patient_id, kind, acted_at)
),

newest AS (
    SELECT
        *,
        has_versions AND is_dated AND recorded < newest AS is_older,
        has_versions AND (
            NOT is_dated
            OR COUNT(*) FILTER (WHERE copy_number = 1) OVER (
                PARTITION BY order_id, patient_id, action_id, recorded
            ) > 1
        ) AS is_unordered
    FROM versioned
),

correction AS (
    SELECT DISTINCT
        order_id,
        patient_id,
        corrects_action_id AS action_id
    FROM newest
    WHERE
        corrects_action_id IS NOT NULL
        AND corrects_action_id IS DISTINCT FROM action_id
        AND NOT is_back
        AND NOT is_older
)

SELECT
    n.source_file,
    n.source_row,
    n.order_id,
    n.patient_id,
    n.action_id,
    n.kind,
    n.acted_at,
    n.is_repeated,
    n.is_day_alone,
    n.dose,
    n.amount,
    n.measure,
    n.factor,
    n.rate_ml_per_h,
    n.is_globulin,
    n.product_code,
    n.concentration_g_per_l,
    CASE
        WHEN n.copy_number > 1 THEN 'duplicate'
        WHEN n.is_older THEN 'superseded'
        WHEN n.is_back OR n.is_taken_back THEN 'withdrawn'
        WHEN c.action_id IS NOT NULL THEN 'superseded'
        WHEN n.is_unordered THEN 'versions_unordered'
        WHEN NOT n.is_globulin AND n.kind IN ('new_bag', 'given') THEN 'other_medicine'
        WHEN NOT n.is_globulin THEN 'other_action'
        WHEN n.kind = 'scheduled' THEN 'scheduled'
        WHEN n.acted_at IS NULL THEN 'time_unread'
    END AS fate
FROM newest AS n
LEFT JOIN correction AS c
    ON
        n.order_id = c.order_id
        AND n.patient_id = c.patient_id
        AND n.action_id = c.action_id
