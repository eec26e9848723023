-- One row per group of reports and session of its patient in whose window the onset lies: that of
-- the event, or of the reaction it may be a part of.
-- Hours where onset, start and end have one. Where one is a date only, the window is certain when
-- it holds at every hour of the days, and possible when at some.
WITH bag AS (
    SELECT
        i.session_key,
        MAX(GREATEST(i.ended_on, i.started_on)) AS ended_on
    FROM derived.infusion AS i
    WHERE i.patient_key IN (SELECT o.patient_key FROM temp.event_onset AS o)
    GROUP BY i.session_key
),

span AS (
    SELECT
        s.session_key,
        s.course_key,
        s.patient_key,
        s.started_at,
        s.started_on,
        GREATEST(s.started_at, s.ended_at) AS last_at,
        s.ended_at IS NOT NULL AS is_end_known,
        b.ended_on
    FROM derived.session AS s
    INNER JOIN bag AS b ON s.session_key = b.session_key
),

exposed AS (
    SELECT
        session_key,
        course_key,
        patient_key,
        started_at,
        started_on,
        last_at,
        is_end_known,
        ended_on,
        FIRST_VALUE(started_at) OVER in_time AS course_started_at,
        MIN(started_on) OVER (PARTITION BY course_key) AS course_started_on,
        LAST_VALUE(last_at) OVER in_time AS course_last_at,
        LAST_VALUE(is_end_known) OVER in_time AS is_course_end_known,
        MAX(ended_on) OVER (PARTITION BY course_key) AS course_ended_on
    FROM span
    WINDOW in_time AS (
        PARTITION BY course_key ORDER BY started_on, started_at NULLS LAST, session_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
),

anchored AS (
    SELECT
        o.group_key,
        o.onset_at,
        o.onset_on,
        w.event_code AS window_of,
        w.from_hours,
        w.to_hours,
        e.session_key,
        e.course_key,
        e.started_at,
        e.started_on,
        w.from_anchor LIKE 'course%' AS is_of_course,
        CASE w.from_anchor
            WHEN 'session_start' THEN e.started_at
            WHEN 'session_end' THEN IF(e.is_end_known, e.last_at, NULL)
            WHEN 'course_start' THEN e.course_started_at
            WHEN 'course_end' THEN IF(e.is_course_end_known, e.course_last_at, NULL)
        END AS from_at,
        CASE w.from_anchor
            WHEN 'session_start' THEN e.started_on
            WHEN 'session_end' THEN e.ended_on
            WHEN 'course_start' THEN e.course_started_on
            WHEN 'course_end' THEN e.course_ended_on
        END AS from_on,
        CASE w.to_anchor
            WHEN 'session_start' THEN e.started_at
            WHEN 'session_end' THEN e.last_at
            WHEN 'course_start' THEN e.course_started_at
            WHEN 'course_end' THEN e.course_last_at
        END AS to_at,
        CASE w.to_anchor
            WHEN 'session_start' THEN e.started_on
            WHEN 'session_end' THEN e.ended_on
            WHEN 'course_start' THEN e.course_started_on
            WHEN 'course_end' THEN e.course_ended_on
        END AS to_on,
        CASE w.to_anchor
            WHEN 'session_end' THEN e.is_end_known
            WHEN 'course_end' THEN e.is_course_end_known
            ELSE TRUE
        END AS is_end_known
    FROM temp.event_onset AS o
    INNER JOIN guideline.event AS t ON o.event_code = t.event_code
    INNER JOIN guideline.event AS w ON t.event_code = w.event_code OR t.part_of = w.event_code
    INNER JOIN exposed AS e ON o.patient_key = e.patient_key
    WHERE
        o.onset_on IS NOT NULL
        -- what was given after the onset did not cause it
        AND COALESCE(e.started_at <= o.onset_at, e.started_on <= o.onset_on)
),

timed AS (
    SELECT
        *,
        onset_at IS NOT NULL AND from_at IS NOT NULL AND to_at IS NOT NULL AS has_hours,
        (
            onset_at >= from_at + TO_HOURS(from_hours) AND onset_at <= to_at + TO_HOURS(to_hours)
        ) IS TRUE AS is_within_hours,
        (onset_at >= from_at + TO_HOURS(from_hours)) IS FALSE AS is_before,
        -- a day apart may be any time from just over 0 to just under 48 hours
        24 * (DATE_DIFF('day', from_on, onset_on) - 1) >= from_hours
        AND 24 * (DATE_DIFF('day', to_on, onset_on) + 1) <= to_hours AS is_within_days,
        24 * (DATE_DIFF('day', from_on, onset_on) + 1) > from_hours
        AND 24 * (DATE_DIFF('day', to_on, onset_on) - 1) < to_hours AS is_near_days
    FROM anchored
)

SELECT
    group_key,
    window_of,
    session_key,
    course_key,
    started_at,
    started_on,
    is_of_course,
    is_within_hours OR (NOT has_hours AND is_within_days) AS is_certain
FROM timed
WHERE
    is_within_hours
    OR (NOT has_hours AND is_within_days)
    OR ((NOT has_hours OR NOT is_end_known) AND is_near_days AND NOT is_before)
