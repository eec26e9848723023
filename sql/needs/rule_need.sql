-- One row per rule and fact that bears on it: `needed`, without which it can be neither met nor
-- breached, or one that only `helps`. From the list of needs; conditions: condition.sql.
SELECT
    r.rule_key,
    r.kind,
    n.fact,
    -- a fact that is needed under any of its conditions is needed
    CASE WHEN BOOL_OR(n.strength = 'needed') THEN 'needed' ELSE 'helps' END AS strength
FROM guideline.rule AS r
INNER JOIN needs.need AS n ON r.kind = n.kind OR n.kind = 'any'
LEFT JOIN needs.condition AS c ON r.rule_key = c.rule_key AND n.holds_where = c.condition
WHERE n.holds_where IS NULL OR c.condition IS NOT NULL
GROUP BY r.rule_key, r.kind, n.fact
