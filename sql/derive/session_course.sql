-- One row per session that shares its course with another, with that course. A session that is
-- not here is a course of its own, as most are: only the others need a second look.
-- A course's sessions follow each other, start to start, within the gap of their indication;
-- a session without one goes by its neighbour's. A course's key is that of its first session.
-- `is_same_day`: the session before it in its course began on the same day.
WITH spaced AS (
    SELECT
        s.session_key,
        s.patient_key,
        s.started_at,
        s.started_on,
        LAG(s.started_on) OVER in_time AS earlier_on,
        LEAD(s.started_on) OVER in_time AS later_on,
        i.course_gap_days,
        LAG(i.course_gap_days) OVER in_time AS earlier_gap_days,
        LEAD(i.course_gap_days) OVER in_time AS later_gap_days
    FROM temp.session_fact AS s
    LEFT JOIN guideline.indication AS i
        ON s.first_indication = i.indication_code AND NOT s.is_indication_mixed
    WINDOW in_time AS (
        PARTITION BY s.patient_key
        ORDER BY s.started_on, s.started_at NULLS LAST, s.session_key
    )
),

linked AS (
    SELECT
        s.session_key,
        s.patient_key,
        s.started_at,
        s.started_on,
        (s.started_on = s.earlier_on) IS TRUE AS is_same_day,
        (
            s.started_on - s.earlier_on
            <= COALESCE(s.course_gap_days, s.earlier_gap_days, ours.course_gap_days)
        ) IS TRUE AS is_continuing,
        (
            s.later_on - s.started_on
            <= COALESCE(s.later_gap_days, s.course_gap_days, ours.course_gap_days)
        ) IS TRUE AS is_continued
    FROM spaced AS s
    CROSS JOIN guideline.policy AS ours
)

SELECT
    session_key,
    LAST_VALUE(CASE WHEN NOT is_continuing THEN session_key END IGNORE NULLS) OVER (
        PARTITION BY patient_key
        ORDER BY started_on, started_at NULLS LAST, session_key
        ROWS UNBOUNDED PRECEDING
    ) AS course_key,
    NOT is_continuing AS is_first,
    is_continuing AND is_same_day AS is_same_day
FROM linked
WHERE is_continuing OR is_continued
