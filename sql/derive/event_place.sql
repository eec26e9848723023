-- One row per group of reports of one event: the session and course it is laid to, and how.
-- What the report names stands unless the onset lies outside the event's window after it. Of
-- several sessions in whose window it lies the last one is taken, and the word says so.
WITH own AS (
    SELECT
        x.*,
        o.named_session_key = x.session_key AS is_named
    FROM temp.event_exposure AS x
    INNER JOIN temp.event_onset AS o ON x.group_key = o.group_key AND x.window_of = o.event_code
),

met AS (
    SELECT
        group_key,
        BOOL_OR(is_of_course) AS is_of_course,
        COUNT(*) FILTER (WHERE is_certain) AS n_certain,
        COUNT(DISTINCT course_key) FILTER (WHERE is_certain) AS n_courses,
        BOOL_OR(is_named) IS TRUE AS is_named_met,
        LAST(session_key ORDER BY is_certain, started_on, started_at NULLS FIRST, session_key)
            AS last_session_key
    FROM own
    GROUP BY group_key
),

worded AS (
    SELECT
        o.group_key,
        o.named_session_key,
        m.last_session_key,
        (
            o.named_session_key IS NOT NULL
            AND o.onset_on IS NOT NULL
            AND o.event_code IS NOT NULL
            AND m.is_named_met IS NOT TRUE
        ) AS is_named_outside,
        CASE
            WHEN
                o.named_session_key IS NOT NULL
                AND (o.onset_on IS NULL OR o.event_code IS NULL OR m.is_named_met)
                THEN 'named_infusion'
            WHEN o.onset_on IS NULL THEN 'no_onset'
            WHEN o.event_code IS NULL THEN 'no_window'
            WHEN m.is_of_course AND m.n_courses > 1 THEN 'several_courses'
            WHEN NOT m.is_of_course AND m.n_certain > 1 THEN 'several_sessions'
            WHEN m.n_certain > 0 THEN 'in_window'
            WHEN m.group_key IS NOT NULL THEN 'time_unknown'
            ELSE 'outside_every_window'
        END AS attribution
    FROM temp.event_onset AS o
    LEFT JOIN met AS m ON o.group_key = m.group_key
),

laid AS (
    SELECT
        group_key,
        attribution,
        is_named_outside,
        CASE
            WHEN attribution = 'named_infusion' THEN named_session_key
            ELSE last_session_key
        END AS session_key
    FROM worded
)

SELECT
    l.group_key,
    l.attribution,
    l.is_named_outside,
    l.session_key,
    s.course_key
FROM laid AS l
LEFT JOIN derived.session AS s ON l.session_key = s.session_key
