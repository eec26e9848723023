-- One row per set, kind, rule, status, reason and severity: its verdicts; also
-- what a set is silent on.
-- A working table: one pass over all verdicts, which the chapters on rules add up.
SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    set_key,
    kind,
    rule_key,
    status,
    reason,
    severity,
    COUNT(*) AS n_verdicts
FROM audit.verdict
GROUP BY ALL
UNION ALL BY NAME
SELECT
    set_key,
    kind,
    'not_applicable' AS status,
    reason,
    n_verdicts
FROM temp.silence_count
