-- One row per treatment: the courses of one patient for one indication without a break longer than
-- the history† that makes a course a loading one. Its key is that of its first course.
SELECT
    c.treatment_key,
    MIN(c.patient_key) AS patient_key,
    MIN(c.indication_code) AS indication_code,
    MIN(c.started_on) AS started_on,
    MAX(c.started_on) AS last_started_on,
    MAX(c.last_on) AS last_on,
    CAST(COUNT(*) AS INTEGER) AS n_courses,
    CAST(SUM(c.known_dose_g) AS DECIMAL(12, 3)) AS known_dose_g,
    BOOL_AND(c.is_treatment_start_known) AS is_start_known
FROM derived.course AS c
WHERE c.treatment_key IS NOT NULL
GROUP BY c.treatment_key
