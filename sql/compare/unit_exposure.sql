-- One row per population, kind of unit (product, lot, site), unit (NULL: not recorded) and month:
-- the sessions with it, and their sum when each session counts once, shared between its units.
-- Only populations in which something happened; lots are told apart by product.
WITH alive AS (
    SELECT DISTINCT population
    FROM temp.compared_case
),

placed AS (
    SELECT
        p.population,
        p.session_key,
        p.month_on,
        s.site_id,
        t.product_id,
        t.lot,
        t.part
    FROM temp.compared_population AS p
    INNER JOIN alive AS a ON p.population = a.population
    INNER JOIN temp.compared_session AS s ON p.session_key = s.session_key
    INNER JOIN temp.compared_part AS t ON p.session_key = t.session_key
),

of_lot AS (
    SELECT
        population,
        month_on,
        product_id,
        lot,
        SUM(part) AS sessions,
        COUNT(*) AS n_sessions
    FROM placed
    GROUP BY ALL
),

of_product AS (
    SELECT
        population,
        month_on,
        product_id,
        SUM(part) AS sessions,
        COUNT(DISTINCT session_key) AS n_sessions
    FROM placed
    GROUP BY ALL
),

of_site AS (
    SELECT
        population,
        month_on,
        site_id,
        SUM(part) AS sessions,
        COUNT(DISTINCT session_key) AS n_sessions
    FROM placed
    GROUP BY ALL
)

SELECT
    population,
    'lot' AS unit_kind,
    product_id,
    lot AS unit_id,
    month_on,
    CAST(sessions AS DECIMAL(15, 6)) AS sessions,
    n_sessions
FROM of_lot
UNION ALL
SELECT
    population,
    'product' AS unit_kind,
    product_id,
    product_id AS unit_id,
    month_on,
    CAST(sessions AS DECIMAL(15, 6)) AS sessions,
    n_sessions
FROM of_product
UNION ALL
SELECT
    population,
    'site' AS unit_kind,
    NULL AS product_id,
    site_id AS unit_id,
    month_on,
    CAST(sessions AS DECIMAL(15, 6)) AS sessions,
    n_sessions
FROM of_site
