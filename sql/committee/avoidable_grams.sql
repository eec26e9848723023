-- One row per block of months and number of all closed courses begun in them that could be held
-- against the most the first set allows: courses, their grams, courses above it, and the grams
-- above it. No row where no course of any month could be.
WITH course AS (
    SELECT
        m.block,
        w.patient_key,
        w.dose_g,
        w.avoidable_g
    FROM report.dose_weight AS w
    INNER JOIN derived.course AS c ON w.course_key = c.course_key
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', c.started_on) AS DATE) = m.month_on
    WHERE w.avoidable_g IS NOT NULL
),

reckoned AS (
    SELECT COUNT(avoidable_g) > 0 AS is_any
    FROM report.dose_weight
),

block AS (
    SELECT DISTINCT m.block
    FROM temp.closed_month AS m
    INNER JOIN reckoned AS r ON r.is_any
),

line AS (
    -- a block without such a course has its numbers: a true zero
    SELECT
        b.block,
        COUNT(c.patient_key) AS n_reckoned,
        COUNT(DISTINCT c.patient_key) AS p_reckoned,
        SUM(IF(c.dose_g IS NULL, 0, c.dose_g)) AS reckoned_g,
        COUNT(*) FILTER (WHERE c.avoidable_g > 0) AS n_above,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE c.avoidable_g > 0) AS p_above,
        SUM(IF(c.avoidable_g IS NULL, 0, c.avoidable_g)) AS avoidable_g
    FROM block AS b
    LEFT JOIN course AS c ON b.block = c.block
    GROUP BY b.block
)

SELECT
    block,
    'all' AS line_id,
    'all' AS title,
    TRUE AS is_total,
    'avoidable_grams' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'reckoned', 'kind': 'count', 'value': n_reckoned,
            'n_persons': p_reckoned, 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'reckoned_g', 'kind': 'amount', 'value': reckoned_g,
            'n_persons': p_reckoned, 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'above', 'kind': 'count', 'value': n_above,
            'n_persons': p_above, 'at_most': 'reckoned', 'share_of': NULL
        },
        {
            'measure': 'avoidable_g', 'kind': 'amount', 'value': avoidable_g,
            'n_persons': p_above, 'at_most': 'reckoned_g', 'share_of': 'reckoned_g'
        }
    ], recursive := TRUE)
FROM line
