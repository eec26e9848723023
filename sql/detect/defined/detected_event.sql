-- One row per event and exposure for which a case definition is met: what competing definitions
-- see of one exposure is one event. Counted when one of them counts; else listed with the reasons.
-- Whether somebody reported it: a report of the same event and patient, laid to the same course or
-- begun within the window. Nobody knows (NULL) where no reports were supplied, where they are
-- declared complete for other days only, and where a report of the patient then is in words nobody
-- could read. Serious as a medically important event, until somebody reviews it.
WITH met AS (
    SELECT
        s.*,
        d.event_name,
        d.window_of,
        d.event <> d.window_of AS is_observation
    FROM audit.signal AS s
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE
        s.status = 'met'
        AND (NOT d.is_observation OR d.event <> d.window_of)
        -- it stands with the later exposure
        AND COALESCE(s.guards NOT LIKE '%counted_with_a_later_one%', TRUE)
),

word AS (
    SELECT
        event,
        subject_kind,
        subject_key,
        UNNEST(STRING_SPLIT(guards, ' ')) AS guard
    FROM met
    WHERE guards IS NOT NULL
),

guarded AS (
    SELECT
        event,
        subject_kind,
        subject_key,
        STRING_AGG(DISTINCT guard, ' ' ORDER BY guard) AS guards
    FROM word
    GROUP BY event, subject_kind, subject_key
),

gathered AS (
    SELECT
        event,
        subject_kind,
        subject_key,
        MIN(event_name) AS event_name,
        MIN(window_of) AS window_of,
        BOOL_AND(is_observation) AS is_observation,
        MIN(course_key) AS course_key,
        MIN(session_key) AS session_key,
        MIN(patient_key) AS patient_key,
        MIN(occurred_at) AS occurred_at,
        CAST(COUNT(*) AS INTEGER) AS n_met,
        CAST(COUNT(*) FILTER (WHERE is_counted) AS INTEGER) AS n_counted,
        STRING_AGG(definition_id, ' ' ORDER BY definition_id) AS definitions
    FROM met
    GROUP BY event, subject_kind, subject_key
),

placed AS (
    SELECT
        g.*,
        e.started_on,
        CAST(
            IF(w.to_anchor LIKE '%start', e.from_latest, e.to_latest) + TO_HOURS(w.to_hours) AS DATE
        ) AS window_to_on,
        w.is_medically_important
    FROM gathered AS g
    INNER JOIN temp.exposure AS e
        ON g.subject_kind = e.subject_kind AND g.subject_key = e.subject_key
    INNER JOIN guideline.event AS w ON g.window_of = w.event_code
),

reported AS (
    SELECT
        p.event,
        p.subject_kind,
        p.subject_key,
        MIN(r.reported_event_key) AS reported_event_key
    FROM placed AS p
    INNER JOIN derived.reported_event AS r
        ON
            p.patient_key = r.patient_key
            AND p.event = r.event_code
            AND (
                p.course_key = r.course_key
                OR (p.started_on <= r.onset_on AND p.window_to_on >= r.onset_on)
            )
    GROUP BY p.event, p.subject_kind, p.subject_key
),

unread AS (
    SELECT DISTINCT
        p.event,
        p.subject_kind,
        p.subject_key
    FROM placed AS p
    INNER JOIN derived.reported_event AS r
        ON
            p.patient_key = r.patient_key
            AND r.event_code = 'other'
            AND (
                p.course_key = r.course_key
                OR (p.started_on <= r.onset_on AND p.window_to_on >= r.onset_on)
            )
),

supplied AS (
    SELECT COUNT(*) > 0 AS is_supplied
    FROM audit.record_supplied
    WHERE record = 'adverse_event'
),

declared AS (
    SELECT
        from_on,
        to_on
    FROM staged.coverage
    WHERE record = 'adverse_event' AND origin = 'declared'
),

is_declared AS (
    -- where nothing is declared, what was supplied is taken for all there is
    SELECT COUNT(*) > 0 AS is_any
    FROM declared
),

complete AS (
    SELECT DISTINCT
        p.event,
        p.subject_kind,
        p.subject_key
    FROM placed AS p
    INNER JOIN declared AS v
        ON
            p.started_on >= v.from_on
            AND COALESCE(CAST(p.occurred_at AS DATE), p.started_on) <= v.to_on
)

SELECT
    CAST(
        ROW_NUMBER() OVER (
            ORDER BY p.patient_key, p.started_on, p.event, p.subject_kind, p.subject_key
        ) AS INTEGER
    ) AS detected_event_key,
    p.event,
    p.event_name,
    p.is_observation,
    p.subject_kind,
    p.subject_key,
    p.course_key,
    p.session_key,
    p.patient_key,
    p.started_on,
    p.window_to_on,
    p.occurred_at,
    p.n_met,
    p.n_counted,
    p.definitions,
    p.n_counted > 0 AS is_counted,
    CASE WHEN p.n_counted = 0 THEN g.guards END AS guards,
    p.is_medically_important AND NOT p.is_observation AS is_serious,
    r.reported_event_key,
    CASE
        WHEN p.is_observation OR NOT s.is_supplied THEN NULL
        WHEN r.reported_event_key IS NOT NULL THEN TRUE
        WHEN u.event IS NOT NULL OR (k.is_any AND c.event IS NULL) THEN NULL
        ELSE FALSE
    END AS is_reported
FROM placed AS p
CROSS JOIN supplied AS s
CROSS JOIN is_declared AS k
LEFT JOIN guarded AS g
    ON
        p.event = g.event
        AND p.subject_kind = g.subject_kind
        AND p.subject_key = g.subject_key
LEFT JOIN reported AS r
    ON
        p.event = r.event
        AND p.subject_kind = r.subject_kind
        AND p.subject_key = r.subject_key
LEFT JOIN unread AS u
    ON
        p.event = u.event
        AND p.subject_kind = u.subject_kind
        AND p.subject_key = u.subject_key
LEFT JOIN complete AS c
    ON
        p.event = c.event
        AND p.subject_kind = c.subject_kind
        AND p.subject_key = c.subject_key
