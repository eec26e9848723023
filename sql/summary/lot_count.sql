-- One row per site and month: immunoglobulin dispensed and infused in the period, how much of it
-- with a lot, and in how many pairs of both the lots given are among those dispensed.
-- A working table: one pass over all bags, which the tables on lots add up.
WITH unlabelled AS (
    -- few, where lots are recorded at all
    SELECT d.dispensing_key
    FROM staged.dispensing AS d
    ANTI JOIN staged.dispensing_lot AS l ON d.dispensing_key = l.dispensing_key
    WHERE d.lot_number IS NULL
),

bag AS (
    SELECT
        infusion_key,
        lot_number IS NOT NULL
        OR infusion_key IN (SELECT l.infusion_key FROM staged.infusion_lot AS l) AS has_lot,
        dispensing_key NOT IN (SELECT u.dispensing_key FROM unlabelled AS u) AS has_issued_lot
    FROM staged.infusion
),

differing AS (
    SELECT subject_key AS infusion_key
    FROM audit.verdict
    WHERE kind = 'traceability' AND status = 'breached' AND reason = 'lot_differs'
),

given AS (
    SELECT
        b.site_id,
        DATE_TRUNC('month', b.started_on) AS month_on,
        i.has_lot,
        i.has_issued_lot,
        b.infusion_key IN (SELECT d.infusion_key FROM differing AS d) AS is_differing
    FROM derived.infusion AS b
    INNER JOIN bag AS i ON b.infusion_key = i.infusion_key
    CROSS JOIN report.period AS p
    WHERE
        b.record = 'infusion'
        AND b.course_key IS NOT NULL
        AND b.started_on >= p.from_on
        AND b.started_on <= p.to_on
),

dispensed AS (
    SELECT
        d.site_id,
        DATE_TRUNC('month', d.dispensed_on) AS month_on,
        d.dispensing_key NOT IN (SELECT u.dispensing_key FROM unlabelled AS u) AS has_lot
    FROM staged.dispensing AS d
    SEMI JOIN derived.product_code AS c ON d.product_code = c.product_code AND c.kind = 'ivig'
    CROSS JOIN report.period AS p
    WHERE d.dispensed_on >= p.from_on AND d.dispensed_on <= p.to_on
),

counted AS (
    SELECT
        site_id,
        month_on,
        0 AS n_dispensings,
        0 AS n_dispensings_with,
        COUNT(*) AS n_infusions,
        COUNT(*) FILTER (WHERE has_lot) AS n_infusions_with,
        COUNT(*) FILTER (WHERE has_lot AND has_issued_lot) AS n_pairs,
        COUNT(*) FILTER (WHERE has_lot AND has_issued_lot AND NOT is_differing) AS n_pairs_same
    FROM given
    GROUP BY site_id, month_on
    UNION ALL
    SELECT
        site_id,
        month_on,
        COUNT(*) AS n_dispensings,
        COUNT(*) FILTER (WHERE has_lot) AS n_dispensings_with,
        0 AS n_infusions,
        0 AS n_infusions_with,
        0 AS n_pairs,
        0 AS n_pairs_same
    FROM dispensed
    GROUP BY site_id, month_on
)

SELECT
    site_id,
    CAST(month_on AS DATE) AS month_on,
    SUM(n_dispensings) AS n_dispensings,
    SUM(n_dispensings_with) AS n_dispensings_with,
    SUM(n_infusions) AS n_infusions,
    SUM(n_infusions_with) AS n_infusions_with,
    SUM(n_pairs) AS n_pairs,
    SUM(n_pairs_same) AS n_pairs_same
FROM counted
GROUP BY site_id, month_on
