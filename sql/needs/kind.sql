-- One row per kind of rule: how many there are, and how many have no answer for want of a fact.
WITH silent AS (
    SELECT DISTINCT n.rule_key
    FROM needs.rule_need AS n
    INNER JOIN needs.fact_held AS f ON n.fact = f.fact
    WHERE n.strength = 'needed' AND f.n_filled = 0
)

SELECT
    r.kind,
    COUNT(*) AS n_rules,
    COUNT(s.rule_key) AS n_silent
FROM guideline.rule AS r
LEFT JOIN silent AS s ON r.rule_key = s.rule_key
GROUP BY r.kind
ORDER BY r.kind
