-- One row per session begun in the period, product and lot given in it (NULL: not recorded): its
-- share of the session, by grams where all are known, else alike. The shares of a session sum to
-- exactly 1. Most sessions are of one lot and need no sharing.
-- A working table of the stage.
WITH given AS (
    SELECT
        i.session_key,
        i.product_id,
        l.lot,
        -- a bag's grams go to its lots as listed, else alike
        CASE
            WHEN COUNT(l.dose_g) OVER of_bag = COUNT(*) OVER of_bag THEN l.dose_g
            ELSE CAST(i.dose_g / COUNT(*) OVER of_bag AS DECIMAL(9, 3))
        END AS grams
    FROM derived.infusion AS i
    LEFT JOIN derived.lot AS l ON i.record = l.record AND i.infusion_key = l.record_key
    WHERE i.session_key IS NOT NULL
    WINDOW of_bag AS (PARTITION BY i.infusion_key)
),

summed AS (
    SELECT
        g.session_key,
        g.product_id,
        g.lot,
        CASE WHEN COUNT(g.grams) = COUNT(*) THEN SUM(g.grams) END AS grams
    FROM given AS g
    INNER JOIN temp.compared_session AS s ON g.session_key = s.session_key
    GROUP BY g.session_key, g.product_id, g.lot
),

counted AS (
    SELECT
        *,
        COUNT(*) OVER (PARTITION BY session_key) AS n_parts
    FROM summed
),

weighed AS (
    SELECT
        *,
        CAST(
            CASE
                WHEN
                    COUNT(grams) OVER of_session = COUNT(*) OVER of_session
                    AND MIN(grams) OVER of_session > 0
                    THEN grams
                ELSE 1
            END AS DECIMAL(12, 3)
        ) AS weight
    FROM counted
    WHERE n_parts > 1
    WINDOW of_session AS (PARTITION BY session_key)
),

running AS (
    SELECT
        *,
        CAST(
            SUM(weight) OVER (
                PARTITION BY session_key
                ORDER BY product_id NULLS LAST, lot NULLS LAST
                ROWS UNBOUNDED PRECEDING
            ) / SUM(weight) OVER (PARTITION BY session_key) AS DECIMAL(9, 6)
        ) AS share_so_far
    FROM weighed
)

SELECT
    session_key,
    product_id,
    lot,
    CAST(1 AS DECIMAL(9, 6)) AS part
FROM counted
WHERE n_parts = 1
UNION ALL
-- differences of rounded running shares: they add up to 1 as stored
SELECT
    session_key,
    product_id,
    lot,
    CAST(
        share_so_far - LAG(share_so_far, 1, CAST(0 AS DECIMAL(9, 6))) OVER (
            PARTITION BY session_key
            ORDER BY product_id NULLS LAST, lot NULLS LAST
        ) AS DECIMAL(9, 6)
    ) AS part
FROM running
