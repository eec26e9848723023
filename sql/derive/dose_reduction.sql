-- One row per course of a treatment from which on clearly less was given: the grams per day of it
-- and the next are lower by a share† than those of the two courses before it.
-- Two against two, so that one late or rounded course is no trial of less. What followed loading is
-- no reduction, and unknown grams prove none. Multiplied, not divided: decimals compare exactly.
-- Sorted once: empty windows go through the rows as they stand (docs/decisions/0061).
WITH in_time AS (
    SELECT
        c.course_key,
        c.treatment_key,
        c.patient_key,
        c.started_on,
        c.dose_g,
        c.phase = 'loading' AS is_loading,
        ours.dose_reduction
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS ours
    WHERE c.treatment_key IS NOT NULL
    ORDER BY c.treatment_key, c.started_on, c.course_key
),

paired AS (
    SELECT
        *,
        LAG(treatment_key, 2) OVER () = treatment_key
        AND LEAD(treatment_key, 2) OVER () = treatment_key AS is_amid,
        dose_g + LEAD(dose_g) OVER () AS after_g,
        LEAD(started_on, 2) OVER () - started_on AS after_days,
        LAG(dose_g) OVER () + LAG(dose_g, 2) OVER () AS before_g,
        started_on - LAG(started_on, 2) OVER () AS before_days,
        LAG(is_loading) OVER () OR LAG(is_loading, 2) OVER () AS is_after_loading
    FROM in_time
),

compared AS (
    SELECT
        *,
        is_amid IS TRUE
        AND (after_g * before_days <= before_g * after_days * (1 - dose_reduction)) IS TRUE
        AND is_after_loading IS NOT TRUE AS is_less
    FROM paired
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
FROM compared
-- a fall shows at several courses on end: it began at the first of them, and the first row of
-- the next treatment shows none
QUALIFY is_less AND LAG(is_less) OVER () IS NOT TRUE
