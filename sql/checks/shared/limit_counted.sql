-- One row per limit rule, treatment (or episode, or patient) it is asked of, and course: which one
-- it is, counted from the first, and the limits. Courses before the period count too; `is_counted`
-- says whether the course is of the rule's phase.
WITH wanted AS (
    SELECT DISTINCT
        a.rule_key,
        a.group_key,
        a.indication_code,
        l.per,
        l.min_courses,
        l.max_courses,
        l.max_duration_months,
        l.trial_min_months,
        l.trial_max_months,
        l.max_trial_cycles,
        r.condition IS NOT NULL AS is_conditional,
        CASE WHEN r.phase IN ('loading', 'maintenance') THEN r.phase END AS phase,
        s.interval_tolerance_days
    FROM audit.limit_asked AS a
    INNER JOIN guideline.course_limit AS l ON a.rule_key = l.rule_key
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
    WHERE a.reason IS NULL
),

member AS (
    -- which courses belong together, once for every way to put them together
    SELECT
        'treatment' AS per,
        treatment_key AS group_key,
        course_key
    FROM derived.course
    UNION ALL
    SELECT
        'episode' AS per,
        episode_key AS group_key,
        course_key
    FROM derived.course
    UNION ALL
    SELECT
        'patient' AS per,
        patient_key AS group_key,
        course_key
    FROM derived.course
),

counted AS (
    SELECT
        w.*,
        c.course_key,
        c.patient_key,
        c.site_id,
        c.started_on,
        c.last_on,
        c.is_stopped,
        c.interval_status,
        c.is_treatment_start_known,
        (w.phase IS NULL OR c.phase = w.phase) IS TRUE AS is_counted,
        (w.phase IS NOT NULL AND c.phase IS NULL) AS is_phase_unknown
    FROM wanted AS w
    INNER JOIN member AS m ON w.per = m.per AND w.group_key = m.group_key
    INNER JOIN derived.course AS c
        ON m.course_key = c.course_key AND w.indication_code = c.indication_code
),

numbered AS (
    SELECT
        *,
        COUNT(*) FILTER (WHERE is_counted) OVER so_far AS n_courses,
        COUNT(*) FILTER (WHERE is_phase_unknown) OVER so_far AS n_phase_unknown,
        COUNT(*) FILTER (WHERE interval_status = 'unknown_between') OVER so_far AS n_between,
        MIN(started_on) FILTER (WHERE is_counted) OVER whole AS first_on,
        MAX(started_on) OVER whole AS last_started_on,
        MAX(last_on) OVER whole AS ended_on,
        COUNT(*) OVER whole AS n_group,
        BOOL_OR(is_stopped) OVER whole AS has_stopped_course,
        BOOL_AND(is_treatment_start_known) OVER whole AS is_treatment_start_seen,
        FIRST(interval_status) OVER from_start IN ('known', 'first') AS is_episode_start_seen
    FROM counted
    WINDOW
        whole AS (PARTITION BY rule_key, group_key, indication_code),
        from_start AS (
            PARTITION BY rule_key, group_key, indication_code
            ORDER BY started_on, course_key
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
        ),
        so_far AS (
            PARTITION BY rule_key, group_key, indication_code
            ORDER BY started_on, course_key
            ROWS UNBOUNDED PRECEDING
        )
)

SELECT *
FROM numbered
