-- One row per rule, kind of subject and reason why it could not be judged.
SELECT
    r.rule_id,
    CAST(v.subject_kind AS VARCHAR) AS subject_kind,
    CAST(v.reason AS VARCHAR) AS reason,
    COUNT(*) AS n_subjects
FROM audit.verdict AS v
INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
WHERE v.status = 'not_assessable'
GROUP BY r.rule_id, v.subject_kind, v.reason
ORDER BY r.rule_id, subject_kind, reason
