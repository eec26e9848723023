-- One row per rule on lots and vials: its findings, the patients of whom every bag is as it should
-- be, and those of whom nobody can tell.
WITH found AS (
    SELECT
        rule_key,
        COUNT(*) FILTER (WHERE status = 'breached') AS n_findings,
        COUNT(DISTINCT patient_key) FILTER (WHERE status = 'breached') AS n_patients_found,
        COUNT(*) FILTER (WHERE status = 'met') AS n_patients_clean,
        COUNT(*) FILTER (WHERE status = 'not_assessable') AS n_patients_unknown
    FROM audit.verdict
    WHERE kind = 'traceability'
    GROUP BY rule_key
)

SELECT
    r.rule_id,
    r.statement,
    -- no verdict is known to be none: a true zero
    CASE WHEN f.rule_key IS NULL THEN 0 ELSE f.n_findings END AS n_findings,
    CASE WHEN f.rule_key IS NULL THEN 0 ELSE f.n_patients_found END AS n_patients_found,
    CASE WHEN f.rule_key IS NULL THEN 0 ELSE f.n_patients_clean END AS n_patients_clean,
    CASE WHEN f.rule_key IS NULL THEN 0 ELSE f.n_patients_unknown END AS n_patients_unknown
FROM guideline.rule AS r
LEFT JOIN found AS f ON r.rule_key = f.rule_key
WHERE r.kind = 'traceability'
