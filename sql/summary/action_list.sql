-- One row per thing that somebody should do after reading the report: how many, of how many where
-- that is known, of what, and the chapter that lists them. Harm stands first, then care, then what
-- the records and the rules lack. What there is nothing of is no row.
WITH reason AS (
    -- the answer that is missing most often where the first set judges use and dose
    SELECT
        v.reason,
        SUM(v.n_verdicts) AS n_verdicts
    FROM report.verdict_reason AS v
    INNER JOIN guideline.guideline_set AS g ON v.set_id = g.set_id
    INNER JOIN temp.first_set AS f ON g.set_key = f.set_key
    WHERE
        v.status = 'not_assessable'
        AND v.kind IN ('indication', 'regimen', 'limit')
        AND v.reason NOT IN ('condition_unknown', 'course_open', 'history_truncated')
    GROUP BY v.reason
    ORDER BY n_verdicts DESC, v.reason ASC
    LIMIT 1
),

named AS (
    SELECT
        1 AS place,
        'signals' AS to_do,
        COUNT(*) AS n,
        NULL AS n_of,
        'signal' AS unit,
        'comparison' AS chapter,
        NULL AS detail
    FROM report.signal_look
    UNION ALL
    SELECT
        2 AS place,
        'never_reported' AS to_do,
        IF(has_reports, n_never_reported, 0) AS n,
        n_counted AS n_of,
        'event' AS unit,
        'detected' AS chapter,
        NULL AS detail
    FROM report.signal_period
    UNION ALL
    SELECT
        3 AS place,
        'off_guideline' AS to_do,
        SUM(n_off_guideline) FILTER (
            WHERE decision IN ('undecided', 'unclear', 'differing', 'earlier_facts')
        ) AS n,
        SUM(n_off_guideline) AS n_of,
        'finding' AS unit,
        'worklist' AS chapter,
        NULL AS detail
    FROM report.decision_count
    UNION ALL
    SELECT
        4 AS place,
        'review' AS to_do,
        SUM(n_review) FILTER (
            WHERE decision IN ('undecided', 'unclear', 'differing', 'earlier_facts')
        ) AS n,
        SUM(n_review) AS n_of,
        'finding' AS unit,
        'worklist' AS chapter,
        NULL AS detail
    FROM report.decision_count
    UNION ALL
    SELECT
        5 AS place,
        'approvals' AS to_do,
        SUM(n_courses) FILTER (
            WHERE approval_state IN ('none', 'expired', 'declined', 'pending')
        ) AS n,
        SUM(n_courses) AS n_of,
        'course' AS unit,
        'approvals' AS chapter,
        NULL AS detail
    FROM report.approval_state
    UNION ALL
    SELECT
        6 AS place,
        'reviews' AS to_do,
        SUM(n_overdue) AS n,
        SUM(n_treatments) AS n_of,
        'treatment' AS unit,
        'approvals' AS chapter,
        NULL AS detail
    FROM report.review_state
    UNION ALL
    SELECT
        7 AS place,
        'lots' AS to_do,
        SUM(n_findings) AS n,
        NULL AS n_of,
        'finding' AS unit,
        'lots' AS chapter,
        NULL AS detail
    FROM report.lot_problem
    UNION ALL
    SELECT
        8 AS place,
        'ledger' AS to_do,
        SUM(n_lines) FILTER (WHERE state = 'broken') AS n,
        SUM(n_lines) AS n_of,
        'line' AS unit,
        'ledger' AS chapter,
        NULL AS detail
    FROM report.ledger_state
    UNION ALL
    SELECT
        9 AS place,
        'conditions' AS to_do,
        h.n_condition_unknown AS n,
        h.n_courses AS n_of,
        'course' AS unit,
        'rules' AS chapter,
        NULL AS detail
    FROM report.headline AS h
    INNER JOIN temp.first_set AS f ON h.set_key = f.set_key
    UNION ALL
    SELECT
        10 AS place,
        'facts' AS to_do,
        h.n_unassessed AS n,
        h.n_closed AS n_of,
        'course' AS unit,
        'rules' AS chapter,
        r.reason AS detail
    FROM report.headline AS h
    INNER JOIN temp.first_set AS f ON h.set_key = f.set_key
    LEFT JOIN reason AS r ON TRUE
    UNION ALL
    SELECT
        11 AS place,
        'indications' AS to_do,
        SUM(n_rows) AS n,
        NULL AS n_of,
        'row' AS unit,
        'read' AS chapter,
        NULL AS detail
    FROM report.unread_indication
    UNION ALL
    SELECT
        12 AS place,
        'products' AS to_do,
        SUM(n_rows) AS n,
        NULL AS n_of,
        'row' AS unit,
        'read' AS chapter,
        NULL AS detail
    FROM report.unresolved_product
    UNION ALL
    SELECT
        13 AS place,
        'quarantine' AS to_do,
        quarantined_rows AS n,
        mapped_rows AS n_of,
        'row' AS unit,
        'read' AS chapter,
        NULL AS detail
    FROM report.record_ledger_total
    UNION ALL
    SELECT
        14 AS place,
        'rules' AS to_do,
        SUM(n_overdue) AS n,
        SUM(n_rules) AS n_of,
        'rule' AS unit,
        'in_force' AS chapter,
        NULL AS detail
    FROM report.guideline_in_force
)

SELECT
    place,
    to_do,
    CAST(n AS BIGINT) AS n,
    CAST(n_of AS BIGINT) AS n_of,
    unit,
    chapter,
    detail
FROM named
WHERE n > 0
