-- One row per set and severity: the findings (breached verdicts) of the run.
SELECT
    g.set_key,
    g.set_id,
    g.title,
    g.is_house,
    v.severity,
    SUM(v.n_verdicts) AS n_findings
FROM temp.verdict_count AS v
INNER JOIN guideline.guideline_set AS g ON v.set_key = g.set_key
WHERE v.status = 'breached'
GROUP BY g.set_key, g.set_id, g.title, g.is_house, v.severity
