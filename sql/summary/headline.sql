-- One row per named guideline set: its share off guideline, with bounds, interval, coverage.
-- An empty denominator leaves the share NULL; the page then says so in words.
WITH condition_unknown AS (
    SELECT
        v.set_key,
        COUNT(DISTINCT v.course_key) AS n_condition_unknown
    FROM audit.verdict AS v
    WHERE v.status = 'not_assessable' AND v.reason = 'condition_unknown'
    GROUP BY v.set_key
)

SELECT
    g.set_key,
    g.set_id,
    g.title,
    u.grams,
    u.n_without_grams,
    u.n_infusions,
    u.n_sessions,
    u.n_patients,
    c.n_courses,
    c.n_open,
    c.n_closed,
    c.n_off,
    c.n_within,
    c.n_judged,
    c.n_unassessed,
    c.n_no_rule,
    CAST(c.n_off / NULLIF(c.n_judged, 0) AS DECIMAL(9, 6)) AS share_off,
    CAST(c.n_off / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)) AS bound_low,
    CAST(
        (c.n_off + c.n_unassessed) / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)
    ) AS bound_high,
    c.n_patients_off,
    c.n_patients_judged,
    CAST(c.n_patients_off / NULLIF(c.n_patients_judged, 0) AS DECIMAL(9, 6)) AS share_patients_off,
    i.low AS patients_low,
    i.high AS patients_high,
    c.grams_off,
    c.grams_judged,
    CAST(c.grams_off / NULLIF(c.grams_judged, 0) AS DECIMAL(9, 6)) AS share_grams_off,
    w.grams_covered,
    CAST(w.grams_covered / NULLIF(w.grams, 0) AS DECIMAL(9, 6)) AS coverage,
    n.n_condition_unknown,
    u.n_review,
    u.n_review_house
FROM guideline.guideline_set AS g
CROSS JOIN report.use_total AS u
LEFT JOIN report.off_guideline_count AS c ON g.set_key = c.set_key AND c.is_total
LEFT JOIN report.coverage_of_grams AS w ON g.set_key = w.set_key
LEFT JOIN report.share_interval AS i
    ON c.n_patients_off = i.n_with AND c.n_patients_judged = i.n_of
LEFT JOIN condition_unknown AS n ON g.set_key = n.set_key
WHERE NOT g.is_house
