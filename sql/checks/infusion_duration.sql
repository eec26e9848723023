-- One row per duration rule and session of a course it could apply to.
-- Hours run from the first bag's start to the last one's end; limits are allowed and have no
-- tolerance. A session that was stopped cannot be too short. A duration never accuses.
WITH timed AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        s.session_key,
        s.course_key,
        s.patient_key,
        s.duration_h,
        s.is_stopped,
        l.min_hours,
        l.max_hours
    FROM audit.applicable AS a
    INNER JOIN derived.session AS s ON a.course_key = s.course_key
    LEFT JOIN guideline.duration_limit AS l ON a.rule_key = l.rule_key
    WHERE a.kind = 'infusion_duration'
),

compared AS (
    SELECT
        *,
        CASE
            WHEN duration_h > max_hours THEN duration_h - max_hours
            WHEN duration_h < min_hours AND NOT is_stopped THEN min_hours - duration_h
        END AS miss
    FROM timed
)

SELECT
    rule_key,
    set_key,
    'session' AS subject_kind,
    session_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason = 'other_phase' THEN 'not_applicable'
        WHEN reason IS NOT NULL OR duration_h IS NULL THEN 'not_assessable'
        WHEN miss IS NULL THEN 'met'
        ELSE 'breached'
    END AS status,
    CASE WHEN reason IS NULL AND duration_h IS NULL THEN 'time_unknown' ELSE reason END AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'duration' AS clause,
    duration_h AS observed,
    min_hours AS limit_low,
    max_hours AS limit_high,
    0 AS tolerance,
    'hours' AS unit,
    CASE WHEN reason IS NULL THEN miss END AS miss
FROM compared
