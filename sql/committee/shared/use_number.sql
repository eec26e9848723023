-- One row per block of months, table of use, line of it and number, and per number of all:
-- patients, sessions, infusions and grams of the closed months. A month without use is a line too.
-- What has no indication, or resolves to no product, is a line of its own.
WITH used AS (
    SELECT
        m.block,
        'use_by_month' AS table_id,
        STRFTIME(m.month_on, '%Y-%m') AS line_id,
        STRFTIME(m.month_on, '%Y-%m') AS title,
        u.patient_key,
        u.is_session_start,
        u.dose_g
    FROM temp.closed_month AS m
    LEFT JOIN temp.closed_use AS u ON m.block = u.block AND m.month_on = u.month_on
    UNION ALL
    SELECT
        u.block,
        'use_by_indication' AS table_id,
        COALESCE(u.indication_code, 'unknown') AS line_id,
        COALESCE(n.name, u.indication_code, 'unknown') AS title,
        u.patient_key,
        u.is_session_start,
        u.dose_g
    FROM temp.closed_use AS u
    LEFT JOIN guideline.indication AS n ON u.indication_code = n.indication_code
    UNION ALL
    SELECT
        u.block,
        'use_by_product' AS table_id,
        COALESCE(u.product_id, 'unknown') AS line_id,
        COALESCE(n.brand, u.product_id, 'unknown') AS title,
        u.patient_key,
        u.is_session_start,
        u.dose_g
    FROM temp.closed_use AS u
    LEFT JOIN guideline.product AS n ON u.product_id = n.product_id
),

line AS (
    SELECT
        block,
        table_id,
        line_id,
        title,
        GROUPING(line_id) = 1 AS is_total,
        COUNT(DISTINCT patient_key) AS n_patients,
        COUNT(*) FILTER (WHERE is_session_start) AS n_sessions,
        COUNT(patient_key) AS n_infusions,
        COUNT(DISTINCT patient_key) FILTER (WHERE is_session_start) AS p_sessions,
        COUNT(DISTINCT patient_key) FILTER (WHERE dose_g > 0) AS p_grams,
        -- none known is no known gram
        CASE WHEN COUNT(dose_g) = 0 THEN 0 ELSE SUM(dose_g) END AS grams
    FROM used
    GROUP BY GROUPING SETS ((block, table_id, line_id, title), (block, table_id))
)

SELECT
    block,
    table_id,
    line_id,
    title,
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
