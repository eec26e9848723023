-- One row per severity: its findings, and how many of them the page opens as cards.
WITH shown AS (
    SELECT
        severity,
        COUNT(*) AS n_cards
    FROM report.finding_card
    GROUP BY severity
)

SELECT
    f.severity,
    SUM(f.n_findings) AS n_findings,
    SUM(f.n_findings) FILTER (WHERE f.is_house) AS n_house,
    MAX(s.n_cards) AS n_cards,
    MAX(s.n_cards) IS NULL OR SUM(f.n_findings) > MAX(s.n_cards) AS is_cut
FROM report.finding_count AS f
LEFT JOIN shown AS s ON f.severity = s.severity
GROUP BY f.severity
