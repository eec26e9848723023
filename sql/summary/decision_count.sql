-- One row per what reviewers say together, and `undecided`: findings by severity. Those of a rule
-- that is only counted ask for no decision.
SELECT
    COALESCE(d.decision, 'undecided') AS decision,
    COUNT(*) AS n_findings,
    COUNT(*) FILTER (WHERE f.severity = 'off_guideline') AS n_off_guideline,
    COUNT(*) FILTER (WHERE f.severity = 'review') AS n_review,
    COUNT(*) FILTER (WHERE f.severity = 'advisory') AS n_advisory
FROM audit.finding AS f
INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key AND r.is_counted_only IS NOT TRUE
LEFT JOIN report.finding_decision AS d ON f.finding_key = d.finding_key
GROUP BY COALESCE(d.decision, 'undecided')
