-- One row per reported event, product and lot that may share in it: the infusions it names, else
-- the sessions in whose window it lies, as far as they were given before it. Where a report states
-- a product or lot that is among them, only that. The shares of an event sum to exactly 1: by
-- grams where all are known, else alike. What rests on a report alone has no denominator (E18).
WITH named AS (
    SELECT DISTINCT
        e.reported_event_key,
        r.infusion_key
    FROM derived.event_report AS e
    INNER JOIN derived.reported_event AS v ON e.reported_event_key = v.reported_event_key
    INNER JOIN temp.event_reading AS r ON e.adverse_event_key = r.adverse_event_key
    WHERE v.attribution = 'named_infusion' AND r.infusion_key IS NOT NULL
),

laid AS (
    SELECT DISTINCT
        e.reported_event_key,
        x.session_key
    FROM derived.event_report AS e
    INNER JOIN derived.reported_event AS v ON e.reported_event_key = v.reported_event_key
    INNER JOIN temp.event_exposure AS x ON e.group_key = x.group_key AND e.event_code = x.window_of
    WHERE
        v.attribution IN ('in_window', 'several_sessions', 'several_courses', 'time_unknown')
        AND (x.is_certain OR v.attribution = 'time_unknown')
),

given AS (
    SELECT
        n.reported_event_key,
        b.infusion_key,
        b.record,
        b.product_id,
        b.dose_g
    FROM named AS n
    INNER JOIN derived.infusion AS b ON n.infusion_key = b.infusion_key
    UNION
    SELECT
        l.reported_event_key,
        b.infusion_key,
        b.record,
        b.product_id,
        b.dose_g
    FROM laid AS l
    INNER JOIN derived.infusion AS b ON l.session_key = b.session_key
),

-- a bag's grams go to its lots as listed, else alike
lotted AS (
    SELECT
        g.reported_event_key,
        g.product_id,
        l.lot,
        CASE
            WHEN COUNT(l.dose_g) OVER of_bag = COUNT(*) OVER of_bag THEN l.dose_g
            ELSE CAST(g.dose_g / COUNT(*) OVER of_bag AS DECIMAL(9, 3))
        END AS grams
    FROM given AS g
    LEFT JOIN derived.lot AS l ON g.record = l.record AND g.infusion_key = l.record_key
    WINDOW of_bag AS (PARTITION BY g.reported_event_key, g.infusion_key)
),

stated AS (
    SELECT DISTINCT
        e.reported_event_key,
        r.stated_product_id AS product_id,
        r.lot
    FROM derived.event_report AS e
    INNER JOIN temp.event_reading AS r ON e.adverse_event_key = r.adverse_event_key
    WHERE r.stated_product_id IS NOT NULL OR r.lot IS NOT NULL
),

compared AS (
    SELECT
        l.*,
        EXISTS(
            SELECT 1 FROM stated AS s
            WHERE s.reported_event_key = l.reported_event_key AND s.product_id = l.product_id
        ) AS is_product_stated,
        EXISTS(
            SELECT 1 FROM stated AS s
            WHERE s.reported_event_key = l.reported_event_key AND s.lot = l.lot
        ) AS is_lot_stated
    FROM lotted AS l
),

of_product AS (
    SELECT *
    FROM compared
    QUALIFY
        is_product_stated
        OR NOT BOOL_OR(is_product_stated) OVER (PARTITION BY reported_event_key)
),

of_lot AS (
    SELECT *
    FROM of_product
    QUALIFY is_lot_stated OR NOT BOOL_OR(is_lot_stated) OVER (PARTITION BY reported_event_key)
),

summed AS (
    SELECT
        reported_event_key,
        product_id,
        lot,
        CASE
            WHEN is_product_stated OR is_lot_stated THEN 'stated'
            ELSE 'given'
        END AS basis,
        CASE WHEN COUNT(grams) = COUNT(*) THEN SUM(grams) END AS grams
    FROM of_lot
    GROUP BY ALL
),

-- nothing given that it could be laid to: what the reports state, else nobody knows
unlinked AS (
    SELECT
        v.reported_event_key,
        s.product_id,
        s.lot,
        IF(s.reported_event_key IS NULL, 'unknown', 'stated_only') AS basis,
        NULL AS grams
    FROM derived.reported_event AS v
    LEFT JOIN stated AS s ON v.reported_event_key = s.reported_event_key
    ANTI JOIN summed AS g ON v.reported_event_key = g.reported_event_key
),

every AS (
    SELECT * FROM summed
    UNION ALL
    SELECT * FROM unlinked
),

weighed AS (
    SELECT
        *,
        CAST(
            CASE
                WHEN
                    COUNT(grams) OVER of_event = COUNT(*) OVER of_event
                    AND MIN(grams) OVER of_event > 0
                    THEN grams
                ELSE 1
            END AS DECIMAL(12, 3)
        ) AS weight
    FROM every
    WINDOW of_event AS (PARTITION BY reported_event_key)
),

running AS (
    SELECT
        *,
        CAST(
            SUM(weight) OVER (
                PARTITION BY reported_event_key
                ORDER BY product_id NULLS LAST, lot NULLS LAST
                ROWS UNBOUNDED PRECEDING
            ) / SUM(weight) OVER (PARTITION BY reported_event_key) AS DECIMAL(9, 6)
        ) AS share_so_far
    FROM weighed
)

-- differences of rounded running shares: they add up to 1 as stored
SELECT
    reported_event_key,
    product_id,
    lot,
    basis,
    CAST(grams AS DECIMAL(12, 3)) AS grams,
    CAST(
        share_so_far - LAG(share_so_far, 1, CAST(0 AS DECIMAL(9, 6))) OVER (
            PARTITION BY reported_event_key
            ORDER BY product_id NULLS LAST, lot NULLS LAST
        ) AS DECIMAL(9, 6)
    ) AS event_share
FROM running
