-- One row per finding that somebody decided on: what the reviewers who saw today's facts say
-- together (`differing` where they do not agree, `earlier_facts` where none saw them).
SELECT
    finding_key,
    COUNT(*) FILTER (WHERE NOT is_on_earlier_facts) AS n_reviewers,
    COUNT(*) FILTER (WHERE is_on_earlier_facts) AS n_on_earlier_facts,
    CASE COUNT(DISTINCT decision) FILTER (WHERE NOT is_on_earlier_facts)
        WHEN 0 THEN 'earlier_facts'
        WHEN 1 THEN MIN(decision) FILTER (WHERE NOT is_on_earlier_facts)
        ELSE 'differing'
    END AS decision
FROM report.decision
WHERE is_finding
GROUP BY finding_key
