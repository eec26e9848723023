-- One row per regimen rule and course it could apply to; one without a rule where the indication
-- is unknown. The limits and their source stand in guideline.regimen; what they say of a course is
-- gathered in temp.dose_said.
-- The rules of a set that apply to one course are for different situations: where one fits, the
-- others are not breached. Where it fits only under a condition the records do not hold, nobody
-- knows.
WITH conditioned AS (
    SELECT
        d.*,
        r.set_key,
        r.condition IS NOT NULL AS is_conditional,
        r.on_condition_unknown,
        d.status_number = 0 AND r.condition IS NOT NULL
        OR (d.reason = 'condition_unknown') IS TRUE AS is_fitting_if,
        d.status_number = 0 AND r.condition IS NULL AS is_met
    FROM temp.dose_said AS d
    INNER JOIN guideline.rule AS r ON d.rule_key = r.rule_key
),

-- breaches are the few: the other rules of their set are asked for them alone
sibling AS (
    SELECT
        b.rule_key,
        b.course_key,
        BOOL_OR(o.is_met) AS is_met,
        BOOL_OR(o.is_fitting_if) AS is_fitting_if
    FROM conditioned AS b
    INNER JOIN conditioned AS o ON b.course_key = o.course_key AND b.set_key = o.set_key
    WHERE b.status_number = 2 AND (o.is_met OR o.is_fitting_if)
    GROUP BY b.rule_key, b.course_key
),

concluded AS (
    SELECT
        c.*,
        CASE
            WHEN c.is_fitting_if THEN 'condition_unknown'
            WHEN c.status_number = 1 THEN CAST(c.reason AS VARCHAR)
            WHEN s.is_met THEN 'other_rule_met'
            WHEN s.is_fitting_if THEN 'condition_unknown'
        END AS final_reason
    FROM conditioned AS c
    LEFT JOIN sibling AS s
        ON c.status_number = 2 AND c.rule_key = s.rule_key AND c.course_key = s.course_key
),

unjudged AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.course_key,
        a.patient_key,
        COALESCE(a.reason, 'named_without_dose') AS reason
    FROM audit.applicable AS a
    ANTI JOIN guideline.regimen AS g ON a.rule_key = g.rule_key AND a.reason IS NULL
    WHERE a.kind = 'regimen'
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    c.rule_key,
    'course' AS subject_kind,
    c.course_key AS subject_key,
    c.course_key,
    c.patient_key,
    'breached' AS status,
    CASE
        WHEN c.severity_rank = 1 THEN 'advisory'
        WHEN c.severity_rank = 2 OR c.is_conditional THEN 'review'
        ELSE 'off_guideline'
    END AS severity,
    CASE
        WHEN c.severity_rank = 3 THEN IF(c.is_conditional, 'condition_unknown', NULL)
        WHEN c.severity_rank < c.nearest.rank THEN 'weight_stale'
        WHEN c.severity_rank = 1 AND f.clause = 'days' THEN 'days_only'
        ELSE f.cap
    END AS cap,
    TRUE AS is_accusable,
    c.is_weight_disputed,
    IF(c.nearest.is_cap, 'cap', f.clause) AS clause,
    c.nearest.observed AS observed,
    c.nearest.limit_low AS limit_low,
    c.nearest.limit_high AS limit_high,
    CASE f.leeway
        WHEN 'dose' THEN s.dose_tolerance
        WHEN 'interval' THEN s.interval_tolerance_days
        ELSE 0
    END AS tolerance,
    f.unit,
    c.regimen_key,
    CASE
        WHEN c.nearest.observed > c.nearest.limit_high
            THEN c.nearest.observed - c.nearest.limit_high
        ELSE c.nearest.limit_low - c.nearest.observed
    END AS miss,
    c.weight_basis
FROM concluded AS c
INNER JOIN guideline.guideline_set AS s ON c.set_key = s.set_key
INNER JOIN audit.dose_fault AS f ON c.nearest.fault = f.fault
WHERE c.status_number = 2 AND c.final_reason IS NULL
UNION ALL BY NAME
SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN final_reason IS NULL THEN 'met'
        WHEN final_reason = 'other_rule_met' THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    final_reason AS reason,
    IF(final_reason = 'condition_unknown', COALESCE(on_condition_unknown, 'review'), NULL)
        AS severity,
    IF(final_reason = 'condition_unknown', 'condition_unknown', NULL) AS cap,
    TRUE AS is_accusable,
    is_weight_disputed,
    CASE
        WHEN final_reason IS DISTINCT FROM 'condition_unknown' THEN NULL
        WHEN reason = 'condition_unknown' THEN 'repeat'
        ELSE 'condition'
    END AS clause,
    IF(final_reason = 'other_rule_met', NULL, regimen_key) AS regimen_key,
    weight_basis
FROM concluded
WHERE status_number < 2 OR final_reason IS NOT NULL
UNION ALL BY NAME
SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason IN ('other_phase', 'named_without_dose') THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    reason,
    reason != 'named_without_dose' AS is_accusable,
    FALSE AS is_weight_disputed
FROM unjudged
