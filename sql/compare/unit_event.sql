-- One row per kind of figure, kind of unit, unit (NULL: not recorded) and month: events, each
-- counted once and shared between the units given in its window, and in how many a unit has a part.
WITH reported AS (
    SELECT
        c.ascertainment,
        c.population,
        c.event_code,
        c.case_key,
        c.month_on,
        s.site_id,
        p.product_id,
        p.lot,
        p.event_share AS part
    FROM temp.compared_case AS c
    INNER JOIN temp.compared_session AS s ON c.session_key = s.session_key
    INNER JOIN derived.reported_event_product AS p ON c.case_key = p.reported_event_key
),

-- of a detected event: the sessions of its exposure begun before it was seen
before_it AS (
    SELECT
        c.event_code,
        c.case_key,
        c.population,
        c.month_on,
        s.session_key,
        s.site_id,
        COUNT(*) OVER (PARTITION BY c.event_code, c.case_key) AS n_sessions
    FROM temp.compared_case AS c
    INNER JOIN audit.signal AS g
        ON c.event_code = g.definition_id AND c.case_key = g.subject_key
    INNER JOIN temp.compared_session AS s
        ON
            c.course_key = s.course_key
            AND (c.session_key IS NULL OR c.session_key = s.session_key)
    WHERE
        c.ascertainment = 'detected'
        -- what a code tells has a day and no hour, so it may have come after a session of its day
        AND COALESCE(
            IF(g.lab_result_key IS NOT NULL, s.started_at <= g.occurred_at, NULL),
            s.started_on <= CAST(g.occurred_at AS DATE),
            TRUE
        )
),

detected AS (
    SELECT
        'detected' AS ascertainment,
        b.population,
        b.event_code,
        b.case_key,
        b.month_on,
        b.site_id,
        t.product_id,
        t.lot,
        CAST(t.part / b.n_sessions AS DECIMAL(9, 6)) AS part
    FROM before_it AS b
    INNER JOIN temp.compared_part AS t ON b.session_key = t.session_key
),

every AS (
    SELECT * FROM reported
    UNION ALL
    SELECT * FROM detected
),

of_unit AS (
    SELECT
        ascertainment,
        population,
        event_code,
        case_key,
        month_on,
        'lot' AS unit_kind,
        product_id,
        lot AS unit_id,
        part
    FROM every
    UNION ALL
    SELECT
        ascertainment,
        population,
        event_code,
        case_key,
        month_on,
        'product' AS unit_kind,
        product_id,
        product_id AS unit_id,
        part
    FROM every
    UNION ALL
    SELECT
        ascertainment,
        population,
        event_code,
        case_key,
        month_on,
        'site' AS unit_kind,
        NULL AS product_id,
        site_id AS unit_id,
        part
    FROM every
),

asked AS (
    SELECT * FROM of_unit
    UNION ALL
    SELECT * REPLACE (NULL AS event_code)
    FROM of_unit
    WHERE ascertainment != 'detected'
)

SELECT
    ascertainment,
    population,
    event_code,
    unit_kind,
    product_id,
    unit_id,
    month_on,
    CAST(SUM(part) AS DECIMAL(15, 6)) AS events,
    COUNT(DISTINCT case_key) AS n_cases
FROM asked
GROUP BY ALL
