-- One row per course that some record may tell of and per session of it: the exposure a case
-- definition asks about, and between which instants it began and ended. Of what has no time only
-- the day is known.
WITH session AS (
    SELECT
        s.session_key,
        s.course_key,
        s.patient_key,
        c.age_years,
        c.sex,
        c.indication_code,
        s.started_on,
        COALESCE(s.started_at, CAST(s.started_on AS TIMESTAMP)) AS from_earliest,
        COALESCE(s.started_at, s.started_on + INTERVAL 1 DAY) AS from_latest,
        COALESCE(s.ended_at, s.started_at, CAST(s.started_on AS TIMESTAMP)) AS to_earliest,
        -- without an end it may have run for a day
        COALESCE(
            s.ended_at, s.started_at + INTERVAL 1 DAY, s.started_on + INTERVAL 2 DAY
        ) AS to_latest
    FROM derived.session AS s
    INNER JOIN derived.course AS c ON s.course_key = c.course_key
    SEMI JOIN temp.touched AS t ON c.course_key = t.course_key
)

SELECT
    'session' AS subject_kind,
    session_key AS subject_key,
    *
FROM session
UNION ALL
SELECT
    'course' AS subject_kind,
    course_key AS subject_key,
    NULL AS session_key,
    course_key,
    MIN(patient_key) AS patient_key,
    MIN(age_years) AS age_years,
    MIN(sex) AS sex,
    MIN(indication_code) AS indication_code,
    MIN(started_on) AS started_on,
    MIN(from_earliest) AS from_earliest,
    MIN(from_latest) AS from_latest,
    MAX(to_earliest) AS to_earliest,
    MAX(to_latest) AS to_latest
FROM session
GROUP BY course_key
