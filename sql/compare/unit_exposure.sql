-- One row per population, kind of unit (product, lot, site), unit (NULL: not recorded) and month:
-- the sessions with it, and their sum when each session counts once, shared between its units.
-- Only populations in which something happened; lots are told apart by product.
WITH placed AS (
    SELECT
        s.course_key,
        s.session_key,
        s.month_on,
        s.site_id,
        t.product_id,
        t.lot,
        t.part
    FROM temp.compared_session AS s
    INNER JOIN temp.compared_part AS t ON s.session_key = t.session_key
),

of_unit AS (
    SELECT
        course_key,
        session_key,
        month_on,
        'lot' AS unit_kind,
        product_id,
        lot AS unit_id,
        part
    FROM placed
    UNION ALL
    SELECT
        course_key,
        session_key,
        month_on,
        'product' AS unit_kind,
        product_id,
        product_id AS unit_id,
        SUM(part) AS part
    FROM placed
    GROUP BY ALL
    UNION ALL
    SELECT
        course_key,
        session_key,
        month_on,
        'site' AS unit_kind,
        NULL AS product_id,
        site_id AS unit_id,
        SUM(part) AS part
    FROM placed
    GROUP BY ALL
),

gathered AS (
    SELECT
        course_key,
        month_on,
        unit_kind,
        product_id,
        unit_id,
        SUM(part) AS sessions,
        COUNT(*) AS n_sessions
    FROM of_unit
    GROUP BY ALL
),

alive AS (
    SELECT DISTINCT population
    FROM temp.compared_case
)

SELECT
    p.population,
    g.unit_kind,
    g.product_id,
    g.unit_id,
    -- a detected event belongs to its course, and with it to the month in which that began
    IF(p.population = 'reported', g.month_on, p.month_on) AS month_on,
    CAST(SUM(g.sessions) AS DECIMAL(15, 6)) AS sessions,
    CAST(SUM(g.n_sessions) AS BIGINT) AS n_sessions
FROM gathered AS g
INNER JOIN temp.compared_population AS p ON g.course_key = p.course_key
INNER JOIN alive AS a ON p.population = a.population
GROUP BY ALL
