-- One row per session that shares its course with another, with that course. A session that is
-- not here is a course of its own, as most are: only the others need a second look.
-- A course's sessions follow each other, start to start, within the gap of their indication;
-- a session without one goes by its neighbour's. A course's key is that of its first session.
-- `is_same_day`: the session before it in its course began on the same day.
-- Sorted once: empty windows go through the rows as they stand (docs/decisions/0061).
WITH in_time AS (
    SELECT
        s.session_key,
        s.patient_key,
        s.started_on,
        i.course_gap_days,
        ours.course_gap_days AS default_gap_days
    FROM temp.session_fact AS s
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN guideline.indication AS i
        ON s.first_indication = i.indication_code AND NOT s.is_indication_mixed
    ORDER BY s.patient_key, s.started_on, s.started_at NULLS LAST, s.session_key
),

spaced AS (
    SELECT
        *,
        CASE WHEN LAG(patient_key) OVER () = patient_key THEN LAG(started_on) OVER () END
            AS earlier_on,
        LAG(course_gap_days) OVER () AS earlier_gap_days
    FROM in_time
),

linked AS (
    SELECT
        session_key,
        ROW_NUMBER() OVER () AS place,
        started_on = earlier_on AS is_same_day,
        (
            started_on - earlier_on
            <= COALESCE(course_gap_days, earlier_gap_days, default_gap_days)
        ) IS TRUE AS is_continuing
    FROM spaced
),

joined AS (
    SELECT
        *,
        LEAD(is_continuing) OVER () IS TRUE AS is_continued
    FROM linked
)

SELECT
    session_key,
    ARG_MAX(CASE WHEN NOT is_continuing THEN session_key END, place) OVER so_far AS course_key,
    NOT is_continuing AS is_first,
    is_continuing AND is_same_day AS is_same_day
FROM joined
WHERE is_continuing OR is_continued
WINDOW so_far AS (ROWS UNBOUNDED PRECEDING) -- as the rows stand -- noqa: PRS,CP02
