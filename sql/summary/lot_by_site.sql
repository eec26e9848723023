-- One row per site: the shares of what was dispensed and infused in the period with a lot, and of
-- the pairs of both in which the lots agree.
SELECT
    site_id,
    SUM(n_dispensings) AS n_dispensings,
    SUM(n_dispensings_with) AS n_dispensings_with,
    CAST(SUM(n_dispensings_with) / NULLIF(SUM(n_dispensings), 0) AS DECIMAL(9, 6))
        AS share_dispensings,
    SUM(n_infusions) AS n_infusions,
    SUM(n_infusions_with) AS n_infusions_with,
    CAST(SUM(n_infusions_with) / NULLIF(SUM(n_infusions), 0) AS DECIMAL(9, 6))
        AS share_infusions,
    SUM(n_pairs) AS n_pairs,
    SUM(n_pairs_same) AS n_pairs_same,
    CAST(SUM(n_pairs_same) / NULLIF(SUM(n_pairs), 0) AS DECIMAL(9, 6)) AS share_pairs
FROM temp.lot_count
GROUP BY site_id
