-- One row per rule that asks for an approval and course of the period it could apply to: from which
-- day of the course it is needed (`needed_on`; NULL: not in this course), and how long it may take
-- in an emergency.
WITH later AS (
    -- rules that ask from a later course of the treatment, or infusion day of the episode, on
    SELECT DISTINCT
        s.rule_key,
        s.indication_code,
        g.from_course,
        g.from_dose
    FROM audit.scope AS s
    INNER JOIN guideline.approval AS g ON s.rule_key = g.rule_key
    WHERE COALESCE(g.from_course, g.from_dose) IS NOT NULL
),

numbered AS (
    SELECT
        c.course_key,
        c.indication_code,
        c.started_on,
        c.is_treatment_start_known,
        ROW_NUMBER() OVER (PARTITION BY c.treatment_key ORDER BY c.started_on, c.course_key)
            AS course_number
    FROM derived.course AS c
    SEMI JOIN later AS l ON c.indication_code = l.indication_code
),

dosed AS (
    SELECT
        c.course_key,
        c.indication_code,
        s.started_on,
        e.interval_status IN ('known', 'first') AS is_episode_start_known,
        DENSE_RANK() OVER (PARTITION BY c.episode_key ORDER BY s.started_on) AS day_number
    FROM derived.course AS c
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    INNER JOIN derived.course AS e ON c.episode_key = e.course_key
    SEMI JOIN later AS l ON c.indication_code = l.indication_code AND l.from_dose IS NOT NULL
),

begun AS (
    SELECT
        l.rule_key,
        n.course_key,
        CASE WHEN n.course_number >= l.from_course THEN n.started_on END AS needed_on,
        n.is_treatment_start_known AS is_start_known
    FROM later AS l
    INNER JOIN numbered AS n ON l.indication_code = n.indication_code
    WHERE l.from_course IS NOT NULL
    UNION ALL
    SELECT
        l.rule_key,
        d.course_key,
        MIN(d.started_on) FILTER (WHERE d.day_number >= l.from_dose) AS needed_on,
        BOOL_AND(d.is_episode_start_known) AS is_start_known
    FROM later AS l
    INNER JOIN dosed AS d ON l.indication_code = d.indication_code
    WHERE l.from_dose IS NOT NULL
    GROUP BY l.rule_key, d.course_key
),

asking AS (
    SELECT
        g.*,
        COALESCE(g.emergency_after_days, p.emergency_approval_days) AS allowed_days,
        r.condition IS NOT NULL AS is_conditional
    FROM guideline.approval AS g
    INNER JOIN guideline.rule AS r ON g.rule_key = r.rule_key
    CROSS JOIN guideline.policy AS p
),

other AS (
    -- rules of the kind that ask something else of an approval
    SELECT rule_key
    FROM guideline.approval
    WHERE approval NOT IN ('required', 'recorded', 'not_required')
)

SELECT
    a.set_key,
    a.rule_key,
    a.reason,
    c.course_key,
    c.patient_key,
    c.site_id,
    c.started_on,
    c.last_on,
    g.approval,
    g.is_emergency_listed,
    g.allowed_days,
    g.is_conditional,
    CASE
        WHEN g.approval = 'not_required' THEN NULL
        WHEN COALESCE(g.from_course, g.from_dose) IS NULL THEN c.started_on
        ELSE b.needed_on
    END AS needed_on,
    COALESCE(b.is_start_known, TRUE) AS is_start_known
FROM audit.applicable AS a
INNER JOIN derived.course AS c ON a.course_key = c.course_key
LEFT JOIN asking AS g ON a.rule_key = g.rule_key
LEFT JOIN begun AS b ON a.rule_key = b.rule_key AND a.course_key = b.course_key
ANTI JOIN other AS o ON a.rule_key = o.rule_key
WHERE a.kind = 'authorisation'
