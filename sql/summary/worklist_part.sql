-- One row per severity: its findings, how many of them the page opens as cards, and how many are of
-- rules that are only counted and stand in their chapters (`n_in_chapters`).
WITH in_chapter AS (
    SELECT
        f.severity,
        COUNT(*) AS n_findings
    FROM audit.finding AS f
    INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key
    WHERE r.is_counted_only
    GROUP BY f.severity
),

shown AS (
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
    MAX(i.n_findings) AS n_in_chapters,
    SUM(f.n_findings) - IF(MAX(i.n_findings) IS NULL, 0, MAX(i.n_findings))
    > IF(MAX(s.n_cards) IS NULL, 0, MAX(s.n_cards)) AS is_cut
FROM report.finding_count AS f
LEFT JOIN shown AS s ON f.severity = s.severity
LEFT JOIN in_chapter AS i ON f.severity = i.severity
GROUP BY f.severity
