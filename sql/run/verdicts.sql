-- One row per rule and subject it could apply to, without the ids of any record: those stand
-- in findings.csv and in the database. Ordered, so that the same run gives the same bytes.
SELECT
    v.kind,
    s.set_id,
    r.rule_id,
    v.subject_kind,
    v.subject_key,
    v.course_key,
    v.patient_key,
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
    v.weight_basis
FROM audit.verdict AS v
INNER JOIN guideline.guideline_set AS s ON v.set_key = s.set_key
LEFT JOIN guideline.rule AS r ON v.rule_key = r.rule_key
LEFT JOIN guideline.regimen AS g ON v.regimen_key = g.regimen_key
ORDER BY v.set_key, v.kind, v.rule_key, v.subject_kind, v.subject_key
