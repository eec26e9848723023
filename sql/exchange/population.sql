-- One row per rule and kind of subject it was asked of: to how many it applies, how many could be
-- judged, and who met it. Kinds are not added up: a course and a patient are not two of a kind.
SELECT
    r.rule_id,
    CAST(v.subject_kind AS VARCHAR) AS subject_kind,
    COUNT(*) FILTER (WHERE v.status != 'not_applicable') AS n_asked,
    COUNT(*) FILTER (WHERE v.status IN ('met', 'breached')) AS n_assessable,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_met
FROM audit.verdict AS v
INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
GROUP BY r.rule_id, v.subject_kind
ORDER BY r.rule_id, subject_kind
