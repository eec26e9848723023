-- One row per sum of the gram ledger that does not hold: by month against the staged records,
-- counted anew from them; within a site, product and month; and what the months carry to each
-- other. No row is as it should be. Without records of both kinds there is no ledger to hold.
WITH supplied AS (
    SELECT COUNT(*) = 2 AS is_both
    FROM audit.record_supplied
    WHERE record IN ('infusion', 'dispensing')
),

staged_sum AS (
    SELECT
        'dispensed' AS measure,
        DATE_TRUNC('month', dispensed_on) AS month_on,
        SUM(dose_g) AS grams,
        COUNT(*) AS n_rows
    FROM staged.dispensing
    GROUP BY ALL
    UNION ALL
    SELECT
        'infused' AS measure,
        DATE_TRUNC('month', started_on) AS month_on,
        SUM(IF(status = 'not_given', 0, dose_g)) AS grams,
        COUNT(*) AS n_rows
    FROM staged.infusion
    GROUP BY ALL
    UNION ALL
    SELECT
        'returned' AS measure,
        DATE_TRUNC('month', dispensed_on) AS month_on,
        SUM(returned_g) AS grams,
        NULL AS n_rows
    FROM staged.dispensing
    WHERE returned_g > 0
    GROUP BY ALL
    UNION ALL
    SELECT
        'wasted' AS measure,
        month_on,
        SUM(grams) AS grams,
        NULL AS n_rows
    FROM (
        SELECT
            DATE_TRUNC('month', dispensed_on) AS month_on,
            wasted_g AS grams
        FROM staged.dispensing
        WHERE wasted_g > 0
        UNION ALL
        SELECT
            DATE_TRUNC('month', d.dispensed_on) AS month_on,
            l.wasted_g AS grams
        FROM staged.dispensing_lot AS l
        INNER JOIN staged.dispensing AS d ON l.dispensing_key = d.dispensing_key
        WHERE l.wasted_g > 0 AND d.wasted_g IS NULL
        UNION ALL
        SELECT
            DATE_TRUNC('month', i.started_on) AS month_on,
            l.wasted_g AS grams
        FROM staged.infusion_lot AS l
        INNER JOIN staged.infusion AS i ON l.infusion_key = i.infusion_key
        WHERE l.wasted_g > 0
    ) AS discarded
    GROUP BY ALL
),

told AS (
    SELECT
        'dispensed' AS measure,
        month_on,
        dispensed_g AS grams,
        n_dispensings AS n_rows
    FROM derived.ledger_month
    UNION ALL
    SELECT
        'infused' AS measure,
        month_on,
        infused_g AS grams,
        n_infusions AS n_rows
    FROM derived.ledger_month
    UNION ALL
    SELECT
        'returned' AS measure,
        month_on,
        returned_g AS grams,
        NULL AS n_rows
    FROM derived.ledger_month
    UNION ALL
    SELECT
        'wasted' AS measure,
        month_on,
        wasted_g AS grams,
        NULL AS n_rows
    FROM derived.ledger_month
    UNION ALL
    SELECT
        'wasted' AS measure,
        month_on,
        wasted_again_g AS grams,
        NULL AS n_rows
    FROM derived.ledger_month
),

ledger_sum AS (
    SELECT
        measure,
        month_on,
        SUM(grams) AS grams,
        SUM(n_rows) AS n_rows
    FROM told
    GROUP BY ALL
    -- no gram returned or wasted is no row of the staged sums
    HAVING SUM(grams) != 0 OR SUM(n_rows) > 0
),

-- what came in or went out of each site, product and month, as signed grams
moved AS (
    SELECT
        site_id,
        product_id,
        month_on,
        is_in_period,
        UNNEST([
            dispensed_g, carried_in_g, -infused_g, -wasted_g, -returned_g, -carried_out_g,
            -unexplained_g
        ]) AS grams
    FROM derived.ledger_month
    WHERE NOT is_set_aside
),

typed AS (
    SELECT
        site_id,
        product_id,
        month_on,
        is_in_period,
        UNNEST([
            unexplained_g, -not_infused_g, -infused_without_dispensing_g, -other_product_g,
            -grams_differ_g, -duplicate_g, -ambiguous_match_g, -grams_unknown_g,
            -quarantined_row_g, -outside_period_g
        ]) AS grams
    FROM derived.ledger_month
),

carried AS (
    SELECT UNNEST([carried_in_g, -carried_out_g]) AS grams
    FROM derived.ledger_month
),

gap AS (
    SELECT
        COALESCE(s.measure, l.measure) AS measure,
        COALESCE(s.month_on, l.month_on) AS month_on,
        s.grams AS staged_g,
        l.grams AS ledger_g
    FROM staged_sum AS s
    FULL OUTER JOIN ledger_sum AS l ON s.measure = l.measure AND s.month_on = l.month_on
    WHERE
        s.grams IS DISTINCT FROM l.grams
        OR (s.n_rows IS DISTINCT FROM l.n_rows AND s.measure IN ('dispensed', 'infused'))
    UNION ALL
    SELECT
        'balance' AS measure,
        month_on,
        0 AS staged_g,
        SUM(grams) AS ledger_g
    FROM moved
    GROUP BY site_id, product_id, month_on, is_in_period
    HAVING SUM(grams) != 0
    UNION ALL
    SELECT
        'typed breaks' AS measure,
        month_on,
        0 AS staged_g,
        SUM(grams) AS ledger_g
    FROM typed
    GROUP BY site_id, product_id, month_on, is_in_period
    HAVING SUM(grams) != 0
    UNION ALL
    SELECT
        'carried' AS measure,
        NULL AS month_on,
        0 AS staged_g,
        SUM(grams) AS ledger_g
    FROM carried
    HAVING SUM(grams) != 0
)

SELECT
    g.measure,
    g.month_on,
    g.staged_g,
    g.ledger_g
FROM gap AS g
INNER JOIN supplied AS s ON s.is_both
