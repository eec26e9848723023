-- One row per decision and reason that reviewers gave with it, spelled alike but for case and
-- blanks around it: the findings, of decisions that stand and were made on today's facts.
SELECT
    decision,
    MIN(TRIM(reason)) AS reason,
    COUNT(DISTINCT finding_key) AS n_findings,
    COUNT(DISTINCT reviewer) AS n_reviewers,
    COUNT(DISTINCT finding_key) FILTER (severity = 'off_guideline') AS n_off_guideline
FROM report.decision
WHERE is_finding AND NOT is_on_earlier_facts AND TRIM(reason) <> ''
GROUP BY decision, LOWER(TRIM(reason))
