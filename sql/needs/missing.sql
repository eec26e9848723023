-- One row per fact that no record holds and that some rule asks for: how many rules it leaves
-- without an answer, of which kinds, and the kinds that can say less.
SELECT
    n.fact,
    MIN(f.title) AS title,
    COUNT(*) FILTER (n.strength = 'needed') AS n_silent,
    LIST_SORT(LIST(DISTINCT n.kind) FILTER (n.strength = 'needed')) AS silent_kinds,
    LIST_SORT(LIST(DISTINCT n.kind) FILTER (n.strength = 'helps')) AS weaker_kinds
FROM needs.rule_need AS n
INNER JOIN needs.fact_held AS f ON n.fact = f.fact
WHERE f.n_filled = 0
GROUP BY n.fact
ORDER BY n_silent DESC, n.fact ASC
