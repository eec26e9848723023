-- One row per course of a treatment from which on clearly less was given: the grams per day of it
-- and the next are lower by a share† than those of the two courses before it.
-- Two against two, so that one late or rounded course is no trial of less. What followed loading is
-- no reduction, and unknown grams prove none. Multiplied, not divided: decimals compare exactly.
WITH course AS (
    SELECT
        course_key,
        treatment_key,
        patient_key,
        started_on,
        dose_g,
        phase = 'loading' AS is_loading
    FROM derived.course
    WHERE treatment_key IS NOT NULL
),

paired AS (
    SELECT
        course_key,
        treatment_key,
        patient_key,
        started_on,
        dose_g + LEAD(dose_g) OVER in_time AS after_g,
        LEAD(started_on, 2) OVER in_time - started_on AS after_days,
        LAG(dose_g) OVER in_time + LAG(dose_g, 2) OVER in_time AS before_g,
        started_on - LAG(started_on, 2) OVER in_time AS before_days,
        LAG(is_loading) OVER in_time OR LAG(is_loading, 2) OVER in_time AS is_after_loading
    FROM course
    WINDOW in_time AS (PARTITION BY treatment_key ORDER BY started_on, course_key)
),

compared AS (
    SELECT
        d.*,
        (d.after_g * d.before_days <= d.before_g * d.after_days * (1 - p.dose_reduction)) IS TRUE
        AND d.is_after_loading IS NOT TRUE AS is_less
    FROM paired AS d
    CROSS JOIN guideline.policy AS p
),

-- in most treatments nothing falls
reduced AS (
    SELECT DISTINCT treatment_key
    FROM compared
    WHERE is_less
),

falling AS (
    SELECT c.*
    FROM compared AS c
    SEMI JOIN reduced AS r ON c.treatment_key = r.treatment_key
)

SELECT
    course_key,
    treatment_key,
    patient_key,
    started_on,
    before_g,
    before_days,
    after_g,
    after_days
FROM falling
-- a fall shows at several courses on end: it began at the first of them
QUALIFY
    is_less
    AND LAG(is_less) OVER (PARTITION BY treatment_key ORDER BY started_on, course_key) IS NOT TRUE
