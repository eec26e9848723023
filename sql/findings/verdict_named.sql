-- One row per verdict, with the ids of rule, set, patient and subject as text.
-- What a set is silent on is here too, although no check answers it: it has no rule
-- (audit.silence), or the rule speaks of other products.
-- `condition`: what the records do not hold and the verdict hangs on.
-- A subject is named by its first infusion: `<source>:<patient>:<infusion>`; other
-- subjects by their own record.
WITH silent AS (
    SELECT
        kind,
        set_key,
        NULL AS rule_key,
        course_key,
        patient_key,
        reason
    FROM audit.silence
    WHERE reason = 'set_has_no_rule'
    UNION ALL
    SELECT
        kind,
        set_key,
        rule_key,
        course_key,
        patient_key,
        'not_labelled' AS reason
    FROM audit.matched
    WHERE product_fit = 'other'
),

spoken AS (
    SELECT * FROM audit.verdict
    UNION ALL BY NAME
    SELECT
        CAST(kind AS AUDIT.VERDICT_KIND) AS kind,
        set_key,
        rule_key,
        CAST('course' AS AUDIT.VERDICT_SUBJECT_KIND) AS subject_kind,
        course_key AS subject_key,
        course_key,
        patient_key,
        CAST('not_applicable' AS AUDIT.VERDICT_STATUS) AS status,
        CAST(reason AS AUDIT.VERDICT_REASON) AS reason,
        FALSE AS is_countable
    FROM silent
)

SELECT
    v.kind,
    s.set_id,
    r.rule_id,
    v.subject_kind,
    CONCAT_WS(':', b.source_id, p.patient_id, b.record_id) AS subject_id,
    b.subject_on,
    p.patient_id,
    v.status,
    v.reason,
    v.severity,
    v.cap,
    v.is_countable,
    v.clause,
    v.observed,
    v.limit_low,
    v.limit_high,
    v.tolerance,
    v.unit,
    g.label AS regimen,
    v.miss,
    v.weight_basis,
    CASE
        WHEN (v.reason = 'condition_unknown' OR v.cap = 'condition_unknown') IS NOT TRUE THEN NULL
        WHEN v.clause = 'repeat' THEN COALESCE(g.repeat_condition, r.condition)
        ELSE r.condition
    END AS condition,
    v.set_key,
    v.rule_key,
    v.subject_key,
    v.course_key,
    v.patient_key,
    v.regimen_key
FROM spoken AS v
INNER JOIN guideline.guideline_set AS s ON v.set_key = s.set_key
INNER JOIN staged.patient AS p ON v.patient_key = p.patient_key
LEFT JOIN guideline.rule AS r ON v.rule_key = r.rule_key
LEFT JOIN guideline.regimen AS g ON v.regimen_key = g.regimen_key
LEFT JOIN audit.subject AS b
    ON
        v.subject_key = b.subject_key
        AND b.subject_group = CASE
            WHEN v.subject_kind IN ('course', 'session', 'infusion') THEN 'bag'
            ELSE CAST(v.subject_kind AS VARCHAR)
        END
