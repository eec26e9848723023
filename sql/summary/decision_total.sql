-- One row where any decision stands: how many, by how many reviewers, on how many findings, and
-- how many of findings that are none any more.
SELECT
    COUNT(*) AS n_decisions,
    COUNT(DISTINCT reviewer) AS n_reviewers,
    COUNT(DISTINCT finding_key) FILTER (WHERE is_finding) AS n_findings,
    COUNT(*) FILTER (WHERE is_on_earlier_facts) AS n_on_earlier_facts,
    COUNT(*) FILTER (WHERE NOT is_finding) AS n_without_finding
FROM report.decision
HAVING COUNT(*) > 0
