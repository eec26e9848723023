-- One row per site and month: what was dispensed and infused with a lot, and the pairs that agree.
SELECT
    site_id,
    month_on,
    n_dispensings,
    n_dispensings_with,
    n_infusions,
    n_infusions_with,
    n_pairs,
    n_pairs_same
FROM temp.lot_count
