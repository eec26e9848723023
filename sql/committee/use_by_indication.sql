-- One row per indication of the courses (unknown is a class of its own)
-- and number of it, and per number of all: patients, sessions, infusions, grams of the closed
-- months.
WITH line AS (
    SELECT
        indication_code,
        GROUPING(indication_code) = 1 AS is_total,
        COUNT(DISTINCT patient_key) AS n_patients,
        COUNT(*) FILTER (WHERE is_session_start) AS n_sessions,
        COUNT(*) AS n_infusions,
        COUNT(DISTINCT patient_key) FILTER (WHERE is_session_start) AS p_sessions,
        COUNT(DISTINCT patient_key) FILTER (WHERE dose_g > 0) AS p_grams,
        -- none known is no known gram
        CASE WHEN COUNT(dose_g) = 0 THEN 0 ELSE SUM(dose_g) END AS grams
    FROM temp.closed_use
    GROUP BY GROUPING SETS ((indication_code), ())
)

SELECT
    COALESCE(l.indication_code, 'unknown') AS line_id,
    COALESCE(n.name, l.indication_code, 'unknown') AS title,
    l.is_total,
    'use' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'patients', 'kind': 'persons', 'value': l.n_patients,
            'n_persons': l.n_patients, 'at_most': 'infusions'
        },
        {
            'measure': 'sessions', 'kind': 'count', 'value': l.n_sessions,
            'n_persons': l.p_sessions, 'at_most': 'infusions'
        },
        {
            'measure': 'infusions', 'kind': 'count', 'value': l.n_infusions,
            'n_persons': l.n_patients, 'at_most': NULL
        },
        {
            'measure': 'grams', 'kind': 'amount', 'value': l.grams,
            'n_persons': l.p_grams, 'at_most': NULL
        }
    ], recursive := TRUE)
FROM line AS l
LEFT JOIN guideline.indication AS n ON l.indication_code = n.indication_code
