-- One row per regimen rule and course it could apply to; one without a rule where the indication
-- is unknown. The limits and their source stand in guideline.regimen. The answers are gathered in
-- temp.dose_answer, and what fails in temp.dose_breach.
SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    a.rule_key,
    'course' AS subject_kind,
    a.course_key AS subject_key,
    a.course_key,
    a.patient_key,
    'breached' AS status,
    CASE
        WHEN b.severity_rank = 1 THEN 'advisory'
        WHEN b.severity_rank = 2 OR a.is_conditional THEN 'review'
        ELSE 'off_guideline'
    END AS severity,
    CASE
        WHEN b.severity_rank = 3 THEN IF(a.is_conditional, 'condition_unknown', NULL)
        WHEN b.severity_rank < b.own_rank THEN 'weight_stale'
        WHEN b.severity_rank = 1 AND b.clause = 'days' THEN 'days_only'
        WHEN b.severity_rank = 2 AND b.fault = 'total_high' THEN 'days_only'
        ELSE b.cap
    END AS cap,
    TRUE AS is_accusable,
    a.is_weight_disputed OR b.mildest_rank < b.severity_rank AS is_weight_disputed,
    IF(b.is_cap, 'cap', b.clause) AS clause,
    b.observed,
    b.limit_low,
    b.limit_high,
    CASE b.leeway
        WHEN 'dose' THEN b.dose_tolerance
        WHEN 'interval' THEN b.interval_tolerance_days
        ELSE 0
    END AS tolerance,
    b.unit,
    b.regimen_key,
    IF(
        b.observed > b.limit_high, b.observed - b.limit_high, b.limit_low - b.observed
    ) AS miss,
    a.weight_basis
FROM temp.dose_answer AS a
INNER JOIN temp.dose_breach AS b ON a.rule_key = b.rule_key AND a.course_key = b.course_key
UNION ALL BY NAME
SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason IS NULL THEN 'met'
        WHEN reason = 'other_rule_met' THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    reason,
    IF(reason = 'condition_unknown', COALESCE(on_condition_unknown, 'review'), NULL) AS severity,
    IF(reason = 'condition_unknown', 'condition_unknown', NULL) AS cap,
    TRUE AS is_accusable,
    is_weight_disputed,
    IF(
        reason = 'condition_unknown', IF(is_repeat_conditional, 'repeat', 'condition'), NULL
    ) AS clause,
    regimen_key,
    weight_basis
FROM temp.dose_answer
WHERE status_number < 2 OR reason IS NOT NULL
UNION ALL BY NAME
SELECT
    a.rule_key,
    a.set_key,
    'course' AS subject_kind,
    a.course_key AS subject_key,
    a.course_key,
    a.patient_key,
    CASE
        WHEN a.reason = 'other_phase' OR a.reason IS NULL THEN 'not_applicable'
        ELSE 'not_assessable'
    END AS status,
    COALESCE(a.reason, 'named_without_dose') AS reason,
    a.reason IS NOT NULL AS is_accusable,
    FALSE AS is_weight_disputed
FROM audit.applicable AS a
ANTI JOIN guideline.regimen AS g ON a.rule_key = g.rule_key AND a.reason IS NULL
WHERE a.kind = 'regimen'
