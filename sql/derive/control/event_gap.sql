-- One row per sum of the reported events that does not hold: reports against the staged records,
-- events against their reports, shares against 1. No row is as it should be.
WITH counted AS (
    SELECT
        'reports' AS measure,
        (SELECT COUNT(*) FROM staged.adverse_event) AS expected,
        COUNT(DISTINCT adverse_event_key) AS found
    FROM derived.event_report
    UNION ALL
    SELECT
        'rows' AS measure,
        (SELECT COUNT(*) FROM staged.adverse_event) AS expected,
        COUNT(*) AS found
    FROM derived.event_report
    UNION ALL
    SELECT
        'events' AS measure,
        COUNT(DISTINCT reported_event_key) AS expected,
        (SELECT COUNT(*) FROM derived.reported_event) AS found
    FROM derived.event_report
    UNION ALL
    SELECT
        'shares' AS measure,
        (SELECT COUNT(*) FROM derived.reported_event) AS expected,
        (
            SELECT COUNT(*) FROM (
                SELECT reported_event_key
                FROM derived.reported_event_product
                GROUP BY reported_event_key
                HAVING SUM(event_share) = 1
            ) AS whole
        ) AS found
)

SELECT
    measure,
    expected,
    found
FROM counted
WHERE expected != found
UNION ALL
SELECT
    'reports of an event' AS measure,
    SUM(n_reports) AS expected,
    (SELECT COUNT(*) FROM derived.event_report) AS found
FROM derived.reported_event
HAVING SUM(n_reports) != (SELECT COUNT(*) FROM derived.event_report)
