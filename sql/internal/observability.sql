-- One row per case definition and number of it: events that meet it in exposures of closed months,
-- as they are, and in which share of these exposures it could be seen, something was measured that
-- does not tell, and nothing was. Shares go to the nearest 5 %, for with exact ones a reader could
-- work out how many courses and sessions there are, which the committee edition rounds.
WITH exposed AS (
    SELECT
        subject_kind,
        COUNT(*) AS n_exposed,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM temp.closed_exposure
    GROUP BY subject_kind
),

answer AS (
    SELECT
        s.definition_id,
        s.patient_key,
        s.subject_kind,
        s.subject_key,
        s.status,
        s.is_counted
    FROM audit.signal AS s
    SEMI JOIN temp.closed_exposure AS c
        ON s.subject_kind = c.subject_kind AND s.subject_key = c.subject_key
),

silent AS (
    -- who has an exposure that the definition has no answer for
    SELECT
        d.definition_id,
        COUNT(*) AS n_silent,
        COUNT(DISTINCT c.patient_key) AS p_silent
    FROM report.signal_definition AS d
    INNER JOIN temp.closed_exposure AS c ON d.subject_kind = c.subject_kind
    ANTI JOIN answer AS a
        ON
            d.definition_id = a.definition_id
            AND c.subject_kind = a.subject_kind
            AND c.subject_key = a.subject_key
    GROUP BY d.definition_id
),

answered AS (
    SELECT
        definition_id,
        COUNT(*) FILTER (WHERE status <> 'not_evaluable') AS n_seen,
        COUNT(DISTINCT patient_key) FILTER (WHERE status <> 'not_evaluable') AS p_seen,
        COUNT(*) FILTER (WHERE status = 'not_evaluable') AS n_open,
        COUNT(DISTINCT patient_key) FILTER (WHERE status = 'not_evaluable') AS p_open,
        COUNT(*) FILTER (WHERE is_counted) AS n_counted,
        COUNT(*) FILTER (WHERE status = 'met' AND NOT is_counted) AS n_flagged
    FROM answer
    GROUP BY definition_id
),

number AS (
    SELECT
        d.definition_id AS line_id,
        IF(STARTS_WITH(d.title, d.event_name), d.title, d.event_name || ': ' || d.title) AS title,
        d.is_answerable,
        e.n_exposed,
        UNNEST([ -- the fields are the columns -- noqa: AL03
            {
                'measure': 'met_counted', 'n': a.n_counted, 'n_persons': NULL
            },
            {
                'measure': 'met_flagged', 'n': a.n_flagged, 'n_persons': NULL
            },
            {
                'measure': 'share_seen', 'n': a.n_seen, 'n_persons': a.p_seen
            },
            {
                'measure': 'share_open', 'n': a.n_open, 'n_persons': a.p_open
            },
            {
                'measure': 'share_silent', 'n': s.n_silent, 'n_persons': s.p_silent
            }
        ], recursive := TRUE)
    FROM report.signal_definition AS d
    INNER JOIN exposed AS e ON d.subject_kind = e.subject_kind
    LEFT JOIN answered AS a ON d.definition_id = a.definition_id
    LEFT JOIN silent AS s ON d.definition_id = s.definition_id
    WHERE NOT d.is_observation
),

told AS (
    SELECT
        line_id,
        title,
        measure,
        measure LIKE 'share%' AS is_share,
        -- no row is no answer: a true zero
        IF(n IS NULL, 0, n) AS n,
        ROUND(20 * IF(n IS NULL, 0, n) / n_exposed) * 5 AS per_cent,
        n_exposed,
        CASE
            WHEN NOT is_answerable THEN 'no_record'
            WHEN n_persons BETWEEN 1 AND 7 THEN 'few'
        END AS why_not
    FROM number
)

SELECT
    line_id,
    title,
    FALSE AS is_total,
    measure,
    IF(is_share, 'about', 'count') AS kind,
    CASE
        WHEN why_not IS NOT NULL THEN why_not
        WHEN is_share AND n > 0 AND per_cent = 0 THEN 'under'
        WHEN is_share AND n < n_exposed AND per_cent = 100 THEN 'over'
        ELSE 'value'
    END AS shown,
    IF(why_not IS NULL AND NOT is_share, CAST(n AS INTEGER), NULL) AS printed,
    IF(why_not IS NULL AND is_share, CAST(per_cent AS DECIMAL(4, 1)), NULL) AS share -- noqa: RF04
FROM told
