-- One row per set, kind, rule, status, reason and severity: its verdicts.
-- A working table: one pass over all verdicts, which the chapters on rules add up.
SELECT
    set_key,
    kind,
    rule_key,
    status,
    reason,
    severity,
    COUNT(*) AS n_verdicts
FROM audit.verdict
GROUP BY ALL
