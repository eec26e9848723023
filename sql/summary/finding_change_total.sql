-- One row where the findings could be compared with those of the run before: how many are new,
-- worse or resolved by care or records, and how many only because rules, settings, program or
-- period are others, which is no change of the care.
SELECT
    COUNT(c.finding_key) FILTER (
        WHERE c.change = 'new' AND c.cause IN ('later', 'records')
    ) AS n_new,
    COUNT(c.finding_key) FILTER (
        WHERE c.change = 'new' AND c.cause NOT IN ('later', 'records')
    ) AS n_new_otherwise,
    COUNT(c.finding_key) FILTER (
        WHERE c.change = 'worsened' AND c.cause = 'records'
    ) AS n_worsened,
    COUNT(c.finding_key) FILTER (
        WHERE c.change = 'worsened' AND c.cause != 'records'
    ) AS n_worsened_otherwise,
    COUNT(c.finding_key) FILTER (WHERE c.change = 'resolved') AS n_resolved,
    COUNT(c.finding_key) FILTER (WHERE c.change = 'gone') AS n_gone
FROM audit.history_before AS h
LEFT JOIN audit.finding_change AS c ON TRUE
WHERE h.obstacle IS NULL
GROUP BY h.run_id
