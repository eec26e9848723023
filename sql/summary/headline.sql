-- One row per named guideline set: its share off guideline, with bounds, interval, coverage.
-- An empty denominator leaves the share NULL; the page then says so in words.
WITH asked AS (
    SELECT
        o.set_key,
        SUM(c.n_courses) FILTER (WHERE o.is_condition_unknown) AS n_condition_unknown,
        SUM(CASE WHEN o.is_excused AND NOT c.is_open THEN c.n_courses ELSE 0 END) AS n_excused
    FROM temp.profile_count AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
    GROUP BY o.set_key
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
    -- most courses lack a fact: what was judged leans towards off, and its share is not told first
    c.n_judged > 0 AND c.n_judged < c.n_unassessed AS is_too_few,
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
    n.n_excused,
    u.n_review,
    u.n_review_house
FROM guideline.guideline_set AS g
CROSS JOIN report.use_total AS u
LEFT JOIN report.off_guideline_count AS c ON g.set_key = c.set_key AND c.is_total
LEFT JOIN report.coverage_of_grams AS w ON g.set_key = w.set_key
LEFT JOIN report.share_interval AS i
    ON c.n_patients_off = i.n_with AND c.n_patients_judged = i.n_of
LEFT JOIN asked AS n ON g.set_key = n.set_key
WHERE NOT g.is_house
