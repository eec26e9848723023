-- One row per site (NULL: not recorded) and one for all of them (`is_total`): of all sessions, how
-- many name no lot in any bag, how many in some bags only, and how many no recall can find, for
-- what was dispensed for them names none either. All records, not only the period judged.
WITH apart AS (
    SELECT
        record,
        record_key,
        line_key
    FROM derived.ledger_apart
),

found AS (
    -- bags without a lot for which an issue with one was dispensed: in a plain pair, or on a line
    SELECT b.record_key AS infusion_key
    FROM temp.bare AS b
    ANTI JOIN apart AS a ON b.record = a.record AND b.record_key = a.record_key
    ANTI JOIN temp.bare AS d ON b.dispensing_key = d.record_key AND d.record = 'dispensing'
    WHERE b.record = 'infusion' AND b.dispensing_key IS NOT NULL
    UNION
    SELECT b.record_key AS infusion_key
    FROM temp.bare AS b
    INNER JOIN apart AS a ON b.record = a.record AND b.record_key = a.record_key
    INNER JOIN apart AS e ON a.line_key = e.line_key AND e.record = 'dispensing'
    ANTI JOIN temp.bare AS d ON e.record_key = d.record_key AND d.record = 'dispensing'
    WHERE b.record = 'infusion'
),

bared AS (
    -- sessions with a bag without a lot
    SELECT
        i.session_key,
        COUNT(*) AS n_bare,
        BOOL_OR(f.infusion_key IS NOT NULL) AS has_issued_lot
    FROM derived.infusion AS i
    INNER JOIN temp.bare AS b ON i.record = b.record AND i.infusion_key = b.record_key
    LEFT JOIN found AS f ON i.record = 'infusion' AND i.infusion_key = f.infusion_key
    WHERE i.session_key IS NOT NULL
    GROUP BY i.session_key
),

counted AS (
    SELECT
        s.site_id,
        GROUPING(s.site_id) = 1 AS is_total,
        COUNT(*) AS n_sessions,
        COUNT(*) FILTER (WHERE b.n_bare = s.n_infusions) AS n_without,
        COUNT(*) FILTER (WHERE b.n_bare < s.n_infusions) AS n_partly,
        COUNT(*) FILTER (WHERE b.n_bare = s.n_infusions AND NOT b.has_issued_lot) AS n_lost
    FROM derived.session AS s
    LEFT JOIN bared AS b ON s.session_key = b.session_key
    GROUP BY ROLLUP (s.site_id)
)

SELECT
    site_id,
    is_total,
    n_sessions,
    n_without,
    n_partly,
    n_lost,
    CAST(n_without / NULLIF(n_sessions, 0) AS DECIMAL(9, 6)) AS share_without,
    CAST(n_lost / NULLIF(n_sessions, 0) AS DECIMAL(9, 6)) AS share_lost
FROM counted
ORDER BY is_total DESC, n_lost DESC, site_id ASC
