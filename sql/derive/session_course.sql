-- One row per session, with the course it belongs to.
-- A course's sessions follow each other, start to start, within the gap of their indication;
-- a session without one goes by its neighbour's. A course's key is that of its first session.
WITH spaced AS (
    SELECT
        s.session_key,
        s.patient_key,
        s.started_at,
        s.started_on,
        s.started_on - LAG(s.started_on) OVER in_time AS days_since_previous,
        i.course_gap_days,
        LAG(i.course_gap_days) OVER in_time AS previous_gap_days
    FROM temp.session_fact AS s
    LEFT JOIN guideline.indication AS i
        ON s.first_indication = i.indication_code AND s.last_indication = i.indication_code
    WINDOW in_time AS (
        PARTITION BY s.patient_key
        ORDER BY s.started_on, s.started_at NULLS LAST, s.session_key
    )
),

opened AS (
    SELECT
        s.session_key,
        s.patient_key,
        s.started_at,
        s.started_on,
        CASE
            WHEN
                s.days_since_previous
                <= COALESCE(s.course_gap_days, s.previous_gap_days, ours.course_gap_days)
                THEN NULL
            ELSE s.session_key
        END AS opening_key
    FROM spaced AS s
    CROSS JOIN guideline.policy AS ours
)

SELECT
    session_key,
    LAST_VALUE(opening_key IGNORE NULLS) OVER (in_time ROWS UNBOUNDED PRECEDING) AS course_key,
    opening_key IS NOT NULL AS is_first,
    (LEAD(opening_key IS NULL) OVER in_time) IS NOT TRUE AS is_last
FROM opened
WINDOW in_time AS (
    PARTITION BY patient_key
    ORDER BY started_on, started_at NULLS LAST, session_key
)
