-- One row per closed month: closed courses begun in it that the first named set judged, and those
-- off guideline. A month is closed when it lies in the period with all its days and none of its
-- courses may still grow.
WITH judged AS (
    SELECT
        CAST(DATE_TRUNC('month', d.started_on) AS DATE) AS month_on,
        COUNT(*) FILTER (WHERE c.is_open) AS n_open,
        COUNT(*) FILTER (WHERE NOT c.is_open AND o.outcome IN ('off', 'within')) AS n_judged,
        COUNT(*) FILTER (WHERE NOT c.is_open AND o.outcome = 'off') AS n_off
    FROM report.course_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
    INNER JOIN temp.first_set AS f ON o.set_key = f.set_key
    INNER JOIN derived.course AS d ON c.course_key = d.course_key
    GROUP BY ALL
)

SELECT
    m.month_on,
    -- no course is known to be none: a true zero
    CASE WHEN j.month_on IS NULL THEN 0 ELSE j.n_judged END AS n_judged,
    CASE WHEN j.month_on IS NULL THEN 0 ELSE j.n_off END AS n_off
FROM report.grams_by_month AS m
LEFT JOIN judged AS j ON m.month_on = j.month_on
WHERE NOT m.is_partial AND (j.n_open IS NULL OR j.n_open = 0)
