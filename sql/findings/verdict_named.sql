-- One row per verdict, with the ids of rule, set, patient and subject as text.
-- A subject is named by its first infusion: `<source>:<patient>:<infusion>`; other
-- subjects by their own record.
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
    v.set_key,
    v.rule_key,
    v.subject_key,
    v.course_key,
    v.patient_key,
    v.regimen_key
FROM audit.verdict AS v
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
