-- One row per reported event of closed months that a case definition could show and number of it,
-- and per number of all: whether results and codes confirm the report, as it is.
WITH checked AS (
    SELECT
        c.event,
        w.name AS event_name,
        c.confirmation
    FROM audit.reported_check AS c
    INNER JOIN report.grams_by_month AS m
        ON CAST(DATE_TRUNC('month', c.event_on) AS DATE) = m.month_on
    LEFT JOIN guideline.event AS w ON c.event = w.event_code
    WHERE NOT m.is_partial
),

line AS (
    SELECT
        event,
        MIN(event_name) AS event_name,
        GROUPING(event) = 1 AS is_total,
        COUNT(*) AS n_checked,
        COUNT(*) FILTER (WHERE confirmation = 'confirmed') AS n_confirmed,
        COUNT(*) FILTER (WHERE confirmation = 'flagged') AS n_confirmed_flagged,
        COUNT(*) FILTER (WHERE confirmation = 'not_met') AS n_not_confirmed,
        COUNT(*) FILTER (WHERE confirmation = 'not_evaluable') AS n_not_evaluable,
        COUNT(*) FILTER (WHERE confirmation = 'not_attributed') AS n_not_attributed
    FROM checked
    GROUP BY GROUPING SETS ((event), ())
    HAVING COUNT(*) > 0
)

SELECT
    IF(is_total, 'all', event) AS line_id,
    COALESCE(event_name, event, 'all') AS title,
    is_total,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'checked', 'printed': CAST(n_checked AS INTEGER)
        },
        {
            'measure': 'confirmed', 'printed': CAST(n_confirmed AS INTEGER)
        },
        {
            'measure': 'confirmed_flagged', 'printed': CAST(n_confirmed_flagged AS INTEGER)
        },
        {
            'measure': 'not_confirmed', 'printed': CAST(n_not_confirmed AS INTEGER)
        },
        {
            'measure': 'not_evaluable', 'printed': CAST(n_not_evaluable AS INTEGER)
        },
        {
            'measure': 'not_attributed', 'printed': CAST(n_not_attributed AS INTEGER)
        }
    ], recursive := TRUE),
    'count' AS kind,
    'value' AS shown
FROM line
