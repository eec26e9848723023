-- One row per course, and per session of one, that began in a closed month: what a case definition
-- is asked of. A month is closed when it lies in the period with all its days.
WITH exposure AS (
    SELECT
        'course' AS subject_kind,
        c.course_key AS subject_key,
        c.patient_key,
        c.started_on
    FROM derived.course AS c
    WHERE c.is_in_period
    UNION ALL
    SELECT
        'session' AS subject_kind,
        s.session_key AS subject_key,
        s.patient_key,
        s.started_on
    FROM derived.session AS s
    INNER JOIN derived.course AS c ON s.course_key = c.course_key
    WHERE c.is_in_period
)

SELECT
    e.subject_kind,
    e.subject_key,
    e.patient_key
FROM exposure AS e
INNER JOIN report.grams_by_month AS m
    ON CAST(DATE_TRUNC('month', e.started_on) AS DATE) = m.month_on
WHERE NOT m.is_partial
