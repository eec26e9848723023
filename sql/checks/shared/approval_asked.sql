-- One row per rule that asks for an approval and course of the period it could apply to: from which
-- day of the course it is needed (`needed_on`; NULL: not in this course), and how long it may take
-- in an emergency.
WITH later AS (
    -- indications whose rules ask from a later course or dose on
    SELECT DISTINCT s.indication_code
    FROM audit.scope AS s
    INNER JOIN guideline.approval AS g ON s.rule_key = g.rule_key
    WHERE COALESCE(g.from_course, g.from_dose) IS NOT NULL
),

numbered AS (
    SELECT
        c.course_key,
        ROW_NUMBER() OVER (PARTITION BY c.treatment_key ORDER BY c.started_on, c.course_key)
            AS course_number
    FROM derived.course AS c
    SEMI JOIN later AS l ON c.indication_code = l.indication_code
    WHERE c.treatment_key IS NOT NULL
),

dosed AS (
    -- which infusion day of its episode each day is
    SELECT
        c.course_key,
        s.started_on,
        DENSE_RANK() OVER (PARTITION BY c.episode_key ORDER BY s.started_on) AS day_number
    FROM derived.course AS c
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    SEMI JOIN later AS l ON c.indication_code = l.indication_code
),

begun AS (
    SELECT
        g.rule_key,
        d.course_key,
        MIN(d.started_on) AS needed_on
    FROM dosed AS d
    INNER JOIN guideline.approval AS g ON d.day_number >= g.from_dose
    GROUP BY g.rule_key, d.course_key
)

SELECT
    a.set_key,
    a.rule_key,
    a.reason,
    c.course_key,
    c.patient_key,
    c.indication_code,
    c.site_id,
    c.started_on,
    c.last_on,
    g.approval,
    g.is_emergency_listed,
    COALESCE(g.emergency_after_days, p.emergency_approval_days) AS allowed_days,
    r.condition IS NOT NULL AS is_conditional,
    CASE
        WHEN g.approval = 'not_required' THEN NULL
        WHEN g.from_dose IS NOT NULL THEN b.needed_on
        WHEN g.from_course IS NULL OR n.course_number >= g.from_course THEN c.started_on
    END AS needed_on,
    CASE
        WHEN g.from_dose IS NOT NULL THEN e.interval_status IN ('known', 'first')
        WHEN g.from_course IS NOT NULL THEN c.is_treatment_start_known
        ELSE TRUE
    END AS is_start_known
FROM audit.applicable AS a
INNER JOIN derived.course AS c ON a.course_key = c.course_key
CROSS JOIN guideline.policy AS p
LEFT JOIN guideline.approval AS g ON a.rule_key = g.rule_key
LEFT JOIN guideline.rule AS r ON a.rule_key = r.rule_key
LEFT JOIN numbered AS n ON a.course_key = n.course_key AND g.from_course IS NOT NULL
LEFT JOIN begun AS b ON a.rule_key = b.rule_key AND a.course_key = b.course_key
LEFT JOIN derived.course AS e ON c.episode_key = e.course_key AND g.from_dose IS NOT NULL
WHERE
    a.kind = 'authorisation'
    -- a set without a rule for the course has no row of guideline.approval
    AND (g.approval IS NULL OR g.approval IN ('required', 'recorded', 'not_required'))
