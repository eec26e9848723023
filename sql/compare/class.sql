-- One row per session of the period, and what it is sorted by: the patient's first dose on record
-- or a later one, the course's dose and the mean rate by actual weight (bands of our own†), a
-- medicine beforehand, the blood group. What is not known is NULL, a class of its own; a stale
-- weight is none.
-- A working table of the stage.
WITH beginning AS (
    SELECT
        patient_key,
        MIN(started_on) AS first_on
    FROM derived.course
    GROUP BY patient_key
),

medicine AS (
    SELECT
        subject_key AS session_key,
        BOOL_OR(status = 'met') AS is_given,
        BOOL_OR(status = 'breached' OR reason = 'optional') IS TRUE AS is_not_found
    FROM audit.verdict
    WHERE kind = 'premedication' AND subject_kind = 'session'
    GROUP BY subject_key
),

weighed AS (
    SELECT
        s.session_key,
        s.patient_key,
        s.started_on,
        s.dose_g,
        s.duration_h,
        s.session_key = s.course_key AS is_course_start,
        c.started_on AS course_started_on,
        c.is_history_truncated,
        c.dose_g AS course_g,
        CASE WHEN w.is_stale IS NOT TRUE THEN w.actual_kg END AS actual_kg
    FROM temp.compared_session AS s
    LEFT JOIN derived.course AS c ON s.course_key = c.course_key
    LEFT JOIN derived.course_weight AS w ON s.course_key = w.course_key
)

SELECT
    w.session_key,
    CASE
        WHEN NOT w.is_course_start OR w.course_started_on > b.first_on THEN 'later'
        WHEN w.is_history_truncated IS FALSE THEN 'first'
    END AS dose_number,
    CASE
        WHEN w.course_g < 0.5 * w.actual_kg THEN 'below_0.5'
        WHEN w.course_g < w.actual_kg THEN '0.5_to_1'
        WHEN w.course_g < 2 * w.actual_kg THEN '1_to_2'
        WHEN w.course_g >= 2 * w.actual_kg THEN '2_and_more'
    END AS dose_band,
    -- milligrams over kilograms and minutes
    CASE
        WHEN NOT w.duration_h > 0 THEN NULL
        WHEN w.dose_g * 1000 < 2 * w.actual_kg * w.duration_h * 60 THEN 'below_2'
        WHEN w.dose_g * 1000 < 4 * w.actual_kg * w.duration_h * 60 THEN '2_to_4'
        WHEN w.dose_g * 1000 >= 4 * w.actual_kg * w.duration_h * 60 THEN '4_and_more'
    END AS rate_band,
    CASE
        WHEN m.is_given THEN 'given'
        WHEN m.is_not_found THEN 'not_found'
    END AS premedication,
    p.blood_group
FROM weighed AS w
LEFT JOIN beginning AS b ON w.patient_key = b.patient_key
LEFT JOIN medicine AS m ON w.session_key = m.session_key
LEFT JOIN staged.patient AS p ON w.patient_key = p.patient_key
