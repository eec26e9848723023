-- One row per course of known indication: its predecessor, the patient's latest earlier course for
-- the same indication, its episode (courses that start within the indication's window of their
-- predecessor's start) and its treatment (courses without a break longer than the history† that
-- makes a course a loading one). The key of either is that of its first course. `grams_28d`: the
-- known grams of the 28 days that end with the course's last day, where these hold nothing of the
-- indication but the course, or it and all of its predecessor; `is_crowded` says that there may be
-- more in them: temp.course_window.
WITH followed AS (
    SELECT
        course_key,
        patient_key,
        started_on,
        last_on,
        indication_code,
        known_dose_g,
        LAG(course_key) OVER alike AS earlier_course_key,
        LAG(started_on) OVER alike AS earlier_started_on,
        LAG(last_on) OVER alike AS earlier_last_on,
        LAG(known_dose_g) OVER alike AS earlier_known_dose_g,
        LAG(last_on, 2) OVER alike AS before_last_on
    FROM temp.course_fact
    WHERE indication_code IS NOT NULL
    WINDOW alike AS (PARTITION BY patient_key, indication_code ORDER BY started_on, course_key)
),

opened AS (
    SELECT
        f.*,
        f.last_on - 27 AS window_from_on,
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
    CASE
        WHEN (earlier_last_on >= window_from_on) IS NOT TRUE THEN known_dose_g
        WHEN earlier_known_dose_g IS NULL THEN known_dose_g
        WHEN known_dose_g IS NULL THEN earlier_known_dose_g
        ELSE CAST(known_dose_g + earlier_known_dose_g AS DECIMAL(12, 3))
    END AS grams_28d,
    started_on < window_from_on
    OR (earlier_last_on >= window_from_on AND earlier_started_on < window_from_on) IS TRUE
    OR (before_last_on >= window_from_on) IS TRUE AS is_crowded,
    LAST_VALUE(opening_key IGNORE NULLS) OVER so_far AS episode_key,
    LAST_VALUE(treatment_opening_key IGNORE NULLS) OVER so_far AS treatment_key,
    LAST_VALUE(treatment_opened_on IGNORE NULLS) OVER so_far AS treatment_started_on
FROM opened
WINDOW so_far AS (
    PARTITION BY patient_key, indication_code
    ORDER BY started_on, course_key
    ROWS UNBOUNDED PRECEDING
)
