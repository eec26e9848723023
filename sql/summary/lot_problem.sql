-- One row per rule on lots and vials: its findings, the patients of whom every bag is as it should
-- be, and those of whom nobody can tell.
SELECT
    r.rule_id,
    r.statement,
    COUNT(*) FILTER (WHERE v.status = 'breached') AS n_findings,
    COUNT(DISTINCT v.patient_key) FILTER (WHERE v.status = 'breached') AS n_patients_found,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_patients_clean,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_patients_unknown
FROM guideline.rule AS r
LEFT JOIN audit.verdict AS v ON r.rule_key = v.rule_key AND v.kind = 'traceability'
WHERE r.kind = 'traceability'
GROUP BY r.rule_id, r.statement
