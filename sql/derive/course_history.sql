-- One row per course of known indication: its predecessor, the patient's latest earlier course for
-- the same indication, its episode (courses that start within the indication's window of their
-- predecessor's start) and its treatment (courses without a break longer than the history† that
-- makes a course a loading one). The key of either is that of its first course.
WITH followed AS (
    SELECT
        course_key,
        patient_key,
        started_on,
        indication_code,
        LAG(course_key) OVER alike AS earlier_course_key,
        LAG(started_on) OVER alike AS earlier_started_on,
        LAG(last_on) OVER alike AS earlier_last_on
    FROM temp.course_fact
    WHERE indication_code IS NOT NULL
    WINDOW alike AS (PARTITION BY patient_key, indication_code ORDER BY started_on, course_key)
),

opened AS (
    SELECT
        f.*,
        CASE
            WHEN
                f.started_on - f.earlier_started_on
                <= COALESCE(i.episode_window_days, ours.episode_window_days)
                THEN NULL
            ELSE f.course_key
        END AS opening_key,
        CASE
            WHEN f.started_on - f.earlier_last_on <= ours.loading_history_days THEN NULL
            ELSE f.course_key
        END AS treatment_opening_key,
        CASE
            WHEN f.started_on - f.earlier_last_on <= ours.loading_history_days THEN NULL
            ELSE f.started_on
        END AS treatment_opened_on
    FROM followed AS f
    LEFT JOIN guideline.indication AS i ON f.indication_code = i.indication_code
    CROSS JOIN guideline.policy AS ours
)

SELECT
    course_key,
    earlier_course_key,
    earlier_started_on,
    earlier_last_on,
    LAST_VALUE(opening_key IGNORE NULLS) OVER so_far AS episode_key,
    LAST_VALUE(treatment_opening_key IGNORE NULLS) OVER so_far AS treatment_key,
    LAST_VALUE(treatment_opened_on IGNORE NULLS) OVER so_far AS treatment_started_on
FROM opened
WINDOW so_far AS (
    PARTITION BY patient_key, indication_code
    ORDER BY started_on, course_key
    ROWS UNBOUNDED PRECEDING
)
