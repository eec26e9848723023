-- One row per closed month and number of it, and per number of all these months: patients,
-- sessions, infusions, grams.
WITH line AS (
    SELECT
        m.month_on,
        GROUPING(m.month_on) = 1 AS is_total,
        COUNT(DISTINCT u.patient_key) AS n_patients,
        COUNT(*) FILTER (WHERE u.is_session_start) AS n_sessions,
        COUNT(u.patient_key) AS n_infusions,
        COUNT(DISTINCT u.patient_key) FILTER (WHERE u.is_session_start) AS p_sessions,
        COUNT(DISTINCT u.patient_key) FILTER (WHERE u.dose_g > 0) AS p_grams,
        -- none known is no known gram
        CASE WHEN COUNT(u.dose_g) = 0 THEN 0 ELSE SUM(u.dose_g) END AS grams
    FROM temp.closed_month AS m
    LEFT JOIN temp.closed_use AS u ON m.month_on = u.month_on
    GROUP BY GROUPING SETS ((m.month_on), ())
)

SELECT
    STRFTIME(month_on, '%Y-%m') AS line_id,
    STRFTIME(month_on, '%Y-%m') AS title,
    is_total,
    'use' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'patients', 'kind': 'persons', 'value': n_patients,
            'n_persons': n_patients, 'at_most': 'infusions'
        },
        {
            'measure': 'sessions', 'kind': 'count', 'value': n_sessions,
            'n_persons': p_sessions, 'at_most': 'infusions'
        },
        {
            'measure': 'infusions', 'kind': 'count', 'value': n_infusions,
            'n_persons': n_patients, 'at_most': NULL
        },
        {
            'measure': 'grams', 'kind': 'amount', 'value': grams,
            'n_persons': p_grams, 'at_most': NULL
        }
    ], recursive := TRUE)
FROM line
