-- One row: what was given in the period, in grams, infusions, sessions, courses, patients;
-- and how many findings ask a human, in all and by our own policy.
WITH review AS (
    SELECT
        COUNT(*) AS n_review,
        COUNT(*) FILTER (WHERE g.is_house) AS n_review_house
    FROM audit.verdict AS v
    INNER JOIN guideline.guideline_set AS g ON v.set_key = g.set_key
    WHERE v.status = 'breached' AND v.severity = 'review'
)

SELECT
    COUNT(i.infusion_key) AS n_infusions,
    COUNT(DISTINCT i.session_key) AS n_sessions,
    COUNT(DISTINCT i.course_key) AS n_courses,
    COUNT(DISTINCT i.patient_key) AS n_patients,
    SUM(i.dose_g) AS grams,
    COUNT(i.infusion_key) FILTER (WHERE i.dose_g IS NULL) AS n_without_grams,
    MIN(r.n_review) AS n_review,
    MIN(r.n_review_house) AS n_review_house
FROM review AS r
LEFT JOIN report.counted_infusion AS i ON TRUE
