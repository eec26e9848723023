-- One row per finding, with real ids: for the run folder only. `change` since the run before is
-- empty where there is nothing to compare with, or the rule is only counted.
SELECT
    f.finding_key,
    f.facts_digest,
    CASE
        WHEN x.change IS NOT NULL THEN x.change
        WHEN h.run_id IS NOT NULL AND r.is_counted_only IS NOT TRUE THEN 'same'
    END AS change, -- the word a reader expects -- noqa: RF04
    d.decision,
    f.set_id,
    f.rule_id,
    f.kind,
    f.severity,
    f.cap,
    f.subject_kind,
    f.subject_id,
    f.patient_id,
    f.reason,
    f.clause,
    f.observed,
    f.limit_low,
    f.limit_high,
    f.tolerance,
    f.unit,
    f.regimen,
    f.miss,
    f.weight_basis,
    f.arithmetic
FROM audit.finding AS f
INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key
LEFT JOIN audit.history_before AS h ON h.obstacle IS NULL
LEFT JOIN audit.finding_change AS x ON f.finding_key = x.finding_key
LEFT JOIN report.finding_decision AS d ON f.finding_key = d.finding_key
ORDER BY f.finding_key
