-- One row per rule, status and reason a verdict was not given for. Where a set has no rule
-- that could be chosen (indication unknown, or not named), the rule is NULL and its kind stands.
WITH counted AS (
    SELECT
        set_key,
        kind,
        rule_key,
        status,
        reason,
        SUM(n_verdicts) AS n_verdicts
    FROM temp.verdict_count
    WHERE status IN ('not_assessable', 'not_applicable')
    GROUP BY set_key, kind, rule_key, status, reason
),

person AS (
    SELECT
        set_key,
        kind,
        rule_key,
        status,
        reason,
        COUNT(DISTINCT patient_key) AS n_patients
    FROM audit.verdict
    WHERE status = 'not_assessable'
    GROUP BY set_key, kind, rule_key, status, reason
)

SELECT
    r.rule_id,
    g.set_id,
    c.kind,
    c.status,
    c.reason,
    c.n_verdicts,
    p.n_patients
FROM counted AS c
INNER JOIN guideline.guideline_set AS g ON c.set_key = g.set_key
LEFT JOIN guideline.rule AS r ON c.rule_key = r.rule_key
LEFT JOIN person AS p
    ON
        c.set_key = p.set_key
        AND c.kind = p.kind
        AND c.rule_key IS NOT DISTINCT FROM p.rule_key
        AND c.status = p.status
        AND c.reason IS NOT DISTINCT FROM p.reason
