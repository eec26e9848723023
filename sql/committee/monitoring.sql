-- One row per block of months, monitoring rule asked in courses begun in them and number of it:
-- how often it was asked, was answered, a test was taken, missed, and nobody knows. No row per
-- number of all: rules ask of different things, and of several at once.
WITH asked AS (
    SELECT
        m.block,
        v.rule_key,
        v.patient_key,
        v.status
    FROM audit.verdict AS v
    INNER JOIN derived.course AS c ON v.course_key = c.course_key
    INNER JOIN temp.closed_month AS m
        ON CAST(DATE_TRUNC('month', c.started_on) AS DATE) = m.month_on
    WHERE v.kind = 'monitoring' AND v.status != 'not_applicable'
),

line AS (
    SELECT
        block,
        rule_key,
        COUNT(*) AS n_asked,
        COUNT(DISTINCT patient_key) AS p_asked,
        COUNT(*) FILTER (WHERE status = 'met') AS n_taken,
        COUNT(DISTINCT patient_key) FILTER (WHERE status = 'met') AS p_taken,
        COUNT(*) FILTER (WHERE status = 'breached') AS n_missed,
        COUNT(DISTINCT patient_key) FILTER (WHERE status = 'breached') AS p_missed,
        COUNT(*) FILTER (WHERE status IN ('met', 'breached')) AS n_known,
        COUNT(DISTINCT patient_key) FILTER (WHERE status IN ('met', 'breached')) AS p_known,
        COUNT(*) FILTER (WHERE status = 'not_assessable') AS n_unknown,
        COUNT(DISTINCT patient_key) FILTER (WHERE status = 'not_assessable') AS p_unknown
    FROM asked
    GROUP BY block, rule_key
)

SELECT
    l.block,
    r.rule_id AS line_id,
    r.statement || ' (' || r.rule_id || ')' AS title,
    FALSE AS is_total,
    'monitoring' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'asked', 'kind': 'count', 'value': l.n_asked,
            'n_persons': l.p_asked, 'part_of': NULL, 'share_of': NULL
        },
        {
            'measure': 'known', 'kind': 'count', 'value': l.n_known,
            'n_persons': l.p_known, 'part_of': 'asked', 'share_of': NULL
        },
        {
            'measure': 'taken', 'kind': 'count', 'value': l.n_taken,
            'n_persons': l.p_taken, 'part_of': 'known', 'share_of': NULL
        },
        {
            'measure': 'missed', 'kind': 'count', 'value': l.n_missed,
            'n_persons': l.p_missed, 'part_of': 'known', 'share_of': 'known'
        },
        {
            'measure': 'not_known', 'kind': 'count', 'value': l.n_unknown,
            'n_persons': l.p_unknown, 'part_of': 'asked', 'share_of': NULL
        }
    ], recursive := TRUE)
FROM line AS l
INNER JOIN guideline.rule AS r ON l.rule_key = r.rule_key
