-- One row per state of approval of the courses begun in the period, whatever the rules ask: what
-- the requests of the patient say of the indication and the first day, the best of them first.
SELECT
    approval_state,
    COUNT(*) AS n_courses,
    COUNT(DISTINCT patient_key) AS n_patients,
    SUM(known_dose_g) AS grams,
    CAST(SUM(known_dose_g) / NULLIF(SUM(SUM(known_dose_g)) OVER (), 0) AS DECIMAL(9, 6))
        AS share_grams,
    COUNT(*) FILTER (WHERE has_consent AND approval_state = 'approved') AS n_consented
FROM temp.course_approval
GROUP BY approval_state
