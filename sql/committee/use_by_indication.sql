-- One row per block of months, indication of the courses and number of it, and per number of all;
-- of grams also those in courses begun in the period of which a rule of the first set that may
-- accuse could answer, and the others.
WITH covering AS (
    SELECT
        c.course_key,
        o.is_assessed_at_all
    FROM report.course_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
    INNER JOIN temp.first_set AS f ON o.set_key = f.set_key
),

used AS (
    SELECT
        u.block,
        COALESCE(u.indication_code, 'unknown') AS line_id,
        COALESCE(n.name, u.indication_code, 'unknown') AS title,
        u.patient_key,
        u.dose_g,
        o.is_assessed_at_all IS TRUE AS is_covered
    FROM temp.closed_use AS u
    LEFT JOIN covering AS o ON u.course_key = o.course_key
    LEFT JOIN guideline.indication AS n ON u.indication_code = n.indication_code
    WHERE u.dose_g > 0
),

line AS (
    SELECT
        block,
        line_id,
        title,
        GROUPING(line_id) = 1 AS is_total,
        -- no gram of the kind is known to be none: a true zero
        SUM(IF(is_covered, dose_g, 0)) AS covered_g,
        SUM(IF(is_covered, 0, dose_g)) AS uncovered_g,
        COUNT(DISTINCT patient_key) FILTER (WHERE is_covered) AS p_covered,
        COUNT(DISTINCT patient_key) FILTER (WHERE NOT is_covered) AS p_uncovered
    FROM used
    GROUP BY GROUPING SETS ((block, line_id, title), (block))
    HAVING COUNT(*) > 0
)

SELECT -- its columns go by name -- noqa: AM07
    block,
    line_id,
    title,
    is_total,
    total_of,
    measure,
    kind,
    value,
    n_persons,
    NULL AS part_of,
    at_most,
    NULL AS share_of
FROM temp.use_number
WHERE table_id = 'use_by_indication'
UNION ALL BY NAME
SELECT
    block,
    line_id,
    title,
    is_total,
    'use' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'grams_covered', 'kind': 'amount', 'value': covered_g,
            'n_persons': p_covered, 'part_of': 'grams', 'at_most': NULL, 'share_of': 'grams'
        },
        {
            'measure': 'grams_uncovered', 'kind': 'amount', 'value': uncovered_g,
            'n_persons': p_uncovered, 'part_of': 'grams', 'at_most': NULL, 'share_of': NULL
        }
    ], recursive := TRUE)
FROM line
