-- One row per course of known indication: its predecessor, the patient's latest earlier course for
-- the same indication, its episode (courses that start within the indication's window of their
-- predecessor's start) and its treatment (courses without a break longer than the history† that
-- makes a course a loading one). The key of either is that of its first course. `grams_28d`: the
-- known grams of the 28 days that end with the course's last day, where these hold nothing of the
-- indication but the course, or it and all of its predecessor; `is_crowded` says that there may be
-- more in them: temp.course_window.
-- Sorted once: empty windows go through the rows as they stand (docs/decisions/0061).
WITH in_time AS (
    SELECT
        f.course_key,
        f.patient_key,
        -- a number sorts faster than a text, and any order does that keeps like by like
        HASH(f.indication_code) AS indication_hash,
        f.started_on,
        f.last_on,
        f.known_dose_g,
        f.episode_window_days,
        ours.loading_history_days
    FROM temp.course_fact AS f
    CROSS JOIN guideline.policy AS ours
    WHERE f.indication_code IS NOT NULL
    ORDER BY f.patient_key, indication_hash, f.started_on, f.course_key
),

beside AS (
    SELECT
        *,
        ROW_NUMBER() OVER () AS place,
        (
            LAG(patient_key) OVER () = patient_key
            AND LAG(indication_hash) OVER () = indication_hash
        ) IS TRUE AS is_following,
        LAG(course_key) OVER () AS row_course_key,
        LAG(started_on) OVER () AS row_started_on,
        LAG(last_on) OVER () AS row_last_on,
        LAG(known_dose_g) OVER () AS row_known_dose_g
    FROM in_time
),

followed AS (
    SELECT
        place,
        course_key,
        started_on,
        last_on,
        known_dose_g,
        episode_window_days,
        loading_history_days,
        CASE WHEN is_following THEN row_course_key END AS earlier_course_key,
        CASE WHEN is_following THEN row_started_on END AS earlier_started_on,
        CASE WHEN is_following THEN row_last_on END AS earlier_last_on,
        CASE WHEN is_following THEN row_known_dose_g END AS earlier_known_dose_g,
        CASE WHEN is_following AND LAG(is_following) OVER () THEN LAG(row_last_on) OVER () END
            AS before_last_on
    FROM beside
),

opened AS (
    SELECT
        *,
        last_on - 27 AS window_from_on,
        (started_on - earlier_started_on <= episode_window_days) IS NOT TRUE AS is_opening,
        (started_on - earlier_last_on <= loading_history_days) IS NOT TRUE
            AS is_treatment_opening
    FROM followed
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
    ARG_MAX(CASE WHEN is_opening THEN course_key END, place) OVER so_far AS episode_key,
    ARG_MAX(CASE WHEN is_treatment_opening THEN course_key END, place) OVER so_far
        AS treatment_key,
    ARG_MAX(CASE WHEN is_treatment_opening THEN started_on END, place) OVER so_far
        AS treatment_started_on
FROM opened
WINDOW so_far AS (ROWS UNBOUNDED PRECEDING) -- as the rows stand -- noqa: PRS,CP02
