-- One row: what was given in the period, in grams, infusions, sessions, courses, patients;
-- and how many findings ask a human, in all and by our own policy.
WITH review AS (
    SELECT
        -- none found is known to be none: a true zero
        CASE WHEN COUNT(*) = 0 THEN 0 ELSE SUM(n_findings) END AS n_review,
        CASE
            WHEN COUNT(*) FILTER (WHERE is_house) = 0 THEN 0
            ELSE SUM(n_findings) FILTER (WHERE is_house)
        END AS n_review_house
    FROM report.finding_count
    WHERE severity = 'review'
)

SELECT
    COUNT(i.patient_key) AS n_infusions,
    COUNT(*) FILTER (WHERE i.is_session_start) AS n_sessions,
    COUNT(*) FILTER (WHERE i.is_course_start) AS n_courses,
    COUNT(DISTINCT i.patient_key) AS n_patients,
    SUM(i.dose_g) AS grams,
    COUNT(i.patient_key) FILTER (WHERE i.dose_g IS NULL) AS n_without_grams,
    MIN(r.n_review) AS n_review,
    MIN(r.n_review_house) AS n_review_house
FROM review AS r
LEFT JOIN temp.counted_infusion AS i ON TRUE
