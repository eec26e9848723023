-- One row per kind of change since the run before and its cause: how many findings, by severity
-- (of those that are gone the severity they had).
SELECT
    change,
    cause,
    COUNT(*) AS n_findings,
    COUNT(*) FILTER (
        WHERE COALESCE(severity, severity_before) = 'off_guideline'
    ) AS n_off_guideline,
    COUNT(*) FILTER (
        WHERE COALESCE(severity, severity_before) = 'review'
    ) AS n_review,
    COUNT(*) FILTER (
        WHERE COALESCE(severity, severity_before) = 'advisory'
    ) AS n_advisory
FROM audit.finding_change
GROUP BY change, cause
