-- One row per block of months, indication and outcome of closed courses begun in them, judged by
-- the first named set, and per outcome of all: courses, and the patients of the judged ones.
WITH course AS (
    SELECT
        m.block,
        c.patient_key,
        c.indication_code,
        o.outcome
    FROM report.course_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
    INNER JOIN temp.first_set AS f ON o.set_key = f.set_key
    INNER JOIN derived.course AS d ON c.course_key = d.course_key
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', d.started_on) AS DATE) = m.month_on
    WHERE NOT c.is_open
),

block AS (
    SELECT DISTINCT block
    FROM temp.closed_month
),

line AS (
    -- a block without a course has its totals: a true zero
    SELECT
        b.block,
        c.indication_code,
        GROUPING(c.indication_code) = 1 AS is_total,
        COUNT(c.patient_key) AS n_closed,
        COUNT(DISTINCT c.patient_key) AS p_closed,
        COUNT(*) FILTER (WHERE c.outcome IN ('off', 'within')) AS n_judged,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE c.outcome IN ('off', 'within')) AS p_judged,
        COUNT(*) FILTER (WHERE c.outcome = 'off') AS n_off,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE c.outcome = 'off') AS p_off,
        COUNT(*) FILTER (WHERE c.outcome = 'within') AS n_within,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE c.outcome = 'within') AS p_within,
        COUNT(*) FILTER (WHERE c.outcome = 'unassessed') AS n_unassessed,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE c.outcome = 'unassessed') AS p_unassessed,
        COUNT(*) FILTER (WHERE c.outcome = 'no_rule') AS n_no_rule,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE c.outcome = 'no_rule') AS p_no_rule
    FROM block AS b
    LEFT JOIN course AS c ON b.block = c.block
    GROUP BY GROUPING SETS ((b.block, c.indication_code), (b.block))
    HAVING GROUPING(c.indication_code) = 1 OR COUNT(c.patient_key) > 0
)

SELECT
    l.block,
    COALESCE(l.indication_code, 'unknown') AS line_id,
    COALESCE(n.name, l.indication_code, 'unknown') AS title,
    l.is_total,
    'off_guideline' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'closed', 'kind': 'count', 'value': l.n_closed,
            'n_persons': l.p_closed, 'part_of': NULL, 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'judged', 'kind': 'count', 'value': l.n_judged,
            'n_persons': l.p_judged, 'part_of': 'closed', 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'off', 'kind': 'count', 'value': l.n_off,
            'n_persons': l.p_off, 'part_of': 'judged', 'at_most': NULL, 'share_of': 'judged'
        },
        {
            'measure': 'within', 'kind': 'count', 'value': l.n_within,
            'n_persons': l.p_within, 'part_of': 'judged', 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'unassessed', 'kind': 'count', 'value': l.n_unassessed,
            'n_persons': l.p_unassessed, 'part_of': 'closed', 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'no_rule', 'kind': 'count', 'value': l.n_no_rule,
            'n_persons': l.p_no_rule, 'part_of': 'closed', 'at_most': NULL, 'share_of': NULL
        },
        {
            'measure': 'patients_judged', 'kind': 'persons', 'value': l.p_judged,
            'n_persons': l.p_judged, 'part_of': NULL, 'at_most': 'judged', 'share_of': NULL
        },
        {
            'measure': 'patients_off', 'kind': 'persons', 'value': l.p_off,
            'n_persons': l.p_off, 'part_of': NULL, 'at_most': 'patients_judged',
            'share_of': 'patients_judged'
        }
    ], recursive := TRUE)
FROM line AS l
LEFT JOIN guideline.indication AS n ON l.indication_code = n.indication_code
