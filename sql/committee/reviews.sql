-- One row per block of months and number of all reviews of treatment held in them: by what was
-- decided, and those that tell an outcome. Who decided to stop is not among those who go on with
-- less. No row where reviews were not supplied: that there is none would not be known.
WITH review AS (
    SELECT
        m.block,
        r.patient_key,
        r.has_outcome,
        CASE
            WHEN r.is_stopped THEN 'stop'
            WHEN r.is_reduced THEN 'less'
            WHEN r.is_continued THEN 'continue'
            ELSE 'none'
        END AS decision
    FROM derived.treatment_review AS r
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', r.reviewed_on) AS DATE) = m.month_on
),

block AS (
    SELECT DISTINCT block
    FROM temp.closed_month
),

line AS (
    -- a block without a review has its numbers: a true zero
    SELECT
        b.block,
        COUNT(r.decision) AS n_reviews,
        COUNT(DISTINCT r.patient_key) AS n_patients,
        COUNT(*) FILTER (WHERE r.has_outcome) AS n_outcome,
        COUNT(DISTINCT r.patient_key) FILTER (WHERE r.has_outcome) AS p_outcome,
        COUNT(*) FILTER (WHERE r.decision = 'less') AS n_less,
        COUNT(DISTINCT r.patient_key) FILTER (WHERE r.decision = 'less') AS p_less,
        COUNT(*) FILTER (WHERE r.decision = 'stop') AS n_stop,
        COUNT(DISTINCT r.patient_key) FILTER (WHERE r.decision = 'stop') AS p_stop,
        COUNT(*) FILTER (WHERE r.decision = 'continue') AS n_continue,
        COUNT(DISTINCT r.patient_key) FILTER (WHERE r.decision = 'continue') AS p_continue,
        COUNT(*) FILTER (WHERE r.decision = 'none') AS n_none,
        COUNT(DISTINCT r.patient_key) FILTER (WHERE r.decision = 'none') AS p_none
    FROM block AS b
    LEFT JOIN review AS r ON b.block = r.block
    GROUP BY b.block
)

SELECT
    l.block,
    'all' AS line_id,
    'all' AS title,
    TRUE AS is_total,
    'reviews' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'reviews', 'kind': 'count', 'value': l.n_reviews,
            'n_persons': l.n_patients, 'part_of': NULL, 'at_most': NULL
        },
        {
            'measure': 'review_outcome', 'kind': 'count', 'value': l.n_outcome,
            'n_persons': l.p_outcome, 'part_of': NULL, 'at_most': 'reviews'
        },
        {
            'measure': 'review_less', 'kind': 'count', 'value': l.n_less,
            'n_persons': l.p_less, 'part_of': 'reviews', 'at_most': NULL
        },
        {
            'measure': 'review_stop', 'kind': 'count', 'value': l.n_stop,
            'n_persons': l.p_stop, 'part_of': 'reviews', 'at_most': NULL
        },
        {
            'measure': 'review_continue', 'kind': 'count', 'value': l.n_continue,
            'n_persons': l.p_continue, 'part_of': 'reviews', 'at_most': NULL
        },
        {
            'measure': 'review_undecided', 'kind': 'count', 'value': l.n_none,
            'n_persons': l.p_none, 'part_of': 'reviews', 'at_most': NULL
        },
        {
            'measure': 'review_patients', 'kind': 'persons', 'value': l.n_patients,
            'n_persons': l.n_patients, 'part_of': NULL, 'at_most': 'reviews'
        }
    ], recursive := TRUE)
FROM line AS l
INNER JOIN report.record_supplied AS s ON s.record = 'outcome_review' AND s.is_supplied
