-- One row per criterion asked of results and exposure with anything to answer it: certainly met,
-- certainly not, or open and why. Each result is asked of the least and of the most it can be.
WITH criterion AS (
    SELECT
        c.*,
        d.window_of,
        d.subject_kind
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE c.analyte IS NOT NULL
),

-- how far the value lies on the asked side: at least and at most
reckoned AS (
    SELECT
        c.criterion_key,
        c.comparison,
        c.measure,
        f.subject_kind,
        f.subject_key,
        f.lab_result_key,
        f.taken_from,
        f.is_inside,
        f.is_read,
        f.at_least,
        f.at_most,
        f.finding,
        c.baseline IS NOT NULL AND b.base_least IS NULL AS has_no_baseline,
        f.is_inside
        AND f.is_read
        AND (
            c.excludes_within_hours IS NULL
            OR f.taken_from <= f.ended_latest + TO_HOURS(c.excludes_within_hours)
        ) AS is_proof,
        b.base_least,
        b.base_most,
        CASE
            WHEN c.measure = 'ratio' THEN CAST(0 AS DECIMAL(28, 9))
            ELSE c.exact_limit
        END AS limit_value,
        CASE c.measure
            WHEN 'value' THEN f.at_least
            WHEN 'fall' THEN b.base_least - f.at_most
            WHEN 'rise' THEN f.at_least - b.base_most
            WHEN 'ratio' THEN f.at_least - CAST(c.exact_limit * b.base_most AS DECIMAL(28, 9))
        END AS low_side,
        CASE c.measure
            WHEN 'value' THEN f.at_most
            WHEN 'fall' THEN b.base_most - f.at_least
            WHEN 'rise' THEN f.at_most - b.base_least
            WHEN 'ratio' THEN f.at_most - CAST(c.exact_limit * b.base_least AS DECIMAL(28, 9))
        END AS high_side
    FROM criterion AS c
    INNER JOIN temp.followed AS f
        ON c.window_of = f.window_of AND c.subject_kind = f.subject_kind AND c.analyte = f.analyte
    INNER JOIN temp.exposure AS e
        ON f.subject_kind = e.subject_kind AND f.subject_key = e.subject_key
    LEFT JOIN temp.baseline AS b
        ON
            f.subject_kind = b.subject_kind
            AND f.subject_key = b.subject_key
            AND c.analyte = b.analyte
            AND c.baseline = b.baseline
    WHERE
        c.measure <> 'baseline'
        AND (c.min_age_years IS NULL OR e.age_years >= c.min_age_years)
),

compared AS (
    SELECT
        *,
        COALESCE(CASE
            WHEN measure = 'positive' THEN finding = 'positive'
            WHEN has_no_baseline THEN FALSE
            WHEN comparison = 'at_least' THEN low_side >= limit_value
            WHEN comparison = 'more_than' THEN low_side > limit_value
            WHEN comparison = 'at_most' THEN high_side <= limit_value
            WHEN comparison = 'below' THEN high_side < limit_value
        END, FALSE) AS is_certain,
        COALESCE(CASE
            WHEN measure = 'positive' THEN finding = 'positive' OR finding IS NULL
            WHEN has_no_baseline THEN TRUE
            WHEN comparison = 'at_least' THEN high_side IS NULL OR high_side >= limit_value
            WHEN comparison = 'more_than' THEN high_side IS NULL OR high_side > limit_value
            WHEN comparison = 'at_most' THEN low_side IS NULL OR low_side <= limit_value
            WHEN comparison = 'below' THEN low_side IS NULL OR low_side < limit_value
        END, FALSE) AS is_possible
    FROM reckoned
),

followed_answer AS (
    SELECT
        criterion_key,
        subject_kind,
        subject_key,
        COALESCE(BOOL_OR(is_certain AND is_inside), FALSE) AS is_certain,
        NOT BOOL_OR(is_possible) AND BOOL_OR(is_proof) AS is_excluded,
        COUNT(*) FILTER (WHERE is_inside) AS n_results,
        MIN(taken_from) FILTER (WHERE is_certain AND is_inside) AS met_at,
        MIN(at_most) FILTER (WHERE is_certain AND is_inside) AS met_lowest,
        MAX(at_least) FILTER (WHERE is_certain AND is_inside) AS met_highest,
        ARG_MIN(lab_result_key, (at_most, taken_from, lab_result_key))
        FILTER (WHERE is_certain AND is_inside)
            AS lowest_key,
        ARG_MIN(lab_result_key, (-at_least, taken_from, lab_result_key))
        FILTER (WHERE is_certain AND is_inside)
            AS highest_key,
        CASE
            WHEN BOOL_AND(has_no_baseline) THEN 'no_baseline'
            WHEN BOOL_OR(NOT is_read) THEN 'value_unread'
            WHEN BOOL_OR(NOT is_inside) THEN 'time_unknown'
            WHEN BOOL_OR(is_possible) THEN 'beyond_limit'
            ELSE 'too_late'
        END AS reason
    FROM compared
    GROUP BY criterion_key, subject_kind, subject_key
),

-- what was so before the exposure
before_answer AS (
    SELECT
        c.criterion_key,
        b.subject_kind,
        b.subject_key,
        COALESCE(CASE c.comparison
            WHEN 'at_least' THEN b.base_least >= c.exact_limit
            WHEN 'more_than' THEN b.base_least > c.exact_limit
            WHEN 'at_most' THEN b.base_most <= c.exact_limit
            WHEN 'below' THEN b.base_most < c.exact_limit
        END, FALSE) AS is_certain,
        COALESCE(CASE c.comparison
            WHEN 'at_least' THEN b.base_most < c.exact_limit
            WHEN 'more_than' THEN b.base_most <= c.exact_limit
            WHEN 'at_most' THEN b.base_least > c.exact_limit
            WHEN 'below' THEN b.base_least >= c.exact_limit
        END, FALSE) AS is_excluded
    FROM criterion AS c
    INNER JOIN temp.baseline AS b
        ON
            c.subject_kind = b.subject_kind
            AND c.analyte = b.analyte
            AND c.baseline = b.baseline
    INNER JOIN temp.exposure AS e
        ON b.subject_kind = e.subject_kind AND b.subject_key = e.subject_key
    WHERE
        c.measure = 'baseline'
        AND (c.min_age_years IS NULL OR e.age_years >= c.min_age_years)
)

SELECT * FROM followed_answer
UNION ALL
SELECT
    criterion_key,
    subject_kind,
    subject_key,
    is_certain,
    is_excluded,
    0 AS n_results,
    NULL AS met_at,
    NULL AS met_lowest,
    NULL AS met_highest,
    NULL AS lowest_key,
    NULL AS highest_key,
    'beyond_limit' AS reason
FROM before_answer
