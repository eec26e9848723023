-- One row per site, product and month of the gram ledger, apart for days outside the audited period
-- and for lines that stand aside. What was issued or carried in = infused + wasted + returned +
-- carried out + unexplained, and unexplained is the sum of the typed breaks. NULL: nothing of the
-- kind.
WITH plain AS (
    SELECT
        x.site_id,
        p.product_id,
        p.is_set_aside,
        CAST(DATE_TRUNC('month', x.dispensed_on) AS DATE) AS issued_on,
        CAST(DATE_TRUNC('month', x.started_on) AS DATE) AS infused_on,
        (x.dispensed_on < ours.from_on) IS NOT TRUE AND (x.dispensed_on > ours.to_on) IS NOT TRUE
            AS is_issued_in_period,
        (x.started_on < ours.from_on) IS NOT TRUE AND (x.started_on > ours.to_on) IS NOT TRUE
            AS is_infused_in_period,
        SUM(x.dose_g) AS grams,
        COUNT(*) AS n_pairs
    FROM temp.ledger_plain AS x
    CROSS JOIN guideline.policy AS ours
    INNER JOIN derived.ledger_product AS p ON x.ledger_product_key = p.ledger_product_key
    GROUP BY ALL
),

told AS (
    SELECT
        site_id,
        product_id,
        issued_on AS month_on,
        is_issued_in_period AS is_in_period,
        is_set_aside,
        grams AS dispensed_g,
        CASE
            WHEN issued_on != infused_on OR is_issued_in_period != is_infused_in_period THEN grams
        END AS carried_out_g,
        n_pairs AS n_dispensings
    FROM plain
    UNION ALL BY NAME
    SELECT
        site_id,
        product_id,
        infused_on AS month_on,
        is_infused_in_period AS is_in_period,
        is_set_aside,
        grams AS infused_g,
        CASE
            WHEN issued_on != infused_on OR is_issued_in_period != is_infused_in_period THEN grams
        END AS carried_in_g,
        n_pairs AS n_infusions
    FROM plain
    UNION ALL BY NAME
    SELECT
        site_id,
        product_id,
        CAST(DATE_TRUNC('month', entry_on) AS DATE) AS month_on,
        is_in_period,
        is_set_aside,
        dispensed_g,
        returned_g,
        wasted_g,
        wasted_again_g,
        infused_g,
        CASE WHEN record = 'dispensing' THEN 1 END AS n_dispensings,
        CASE WHEN record = 'infusion' THEN 1 END AS n_infusions,
        CASE WHEN record = 'infusion' AND infused_g IS NULL THEN 1 END AS n_unknown
    FROM derived.ledger_apart
    UNION ALL BY NAME
    SELECT
        site_id,
        product_id,
        month_on,
        is_in_period,
        FALSE AS is_set_aside,
        CASE WHEN grams > 0 THEN grams END AS carried_out_g,
        CASE WHEN grams < 0 THEN -grams END AS carried_in_g
    FROM temp.ledger_flow
    UNION ALL BY NAME
    SELECT
        site_id,
        product_id,
        CAST(DATE_TRUNC('month', entry_on) AS DATE) AS month_on,
        is_in_period,
        FALSE AS is_set_aside,
        grams AS unexplained_g,
        CASE WHEN break = 'not_infused' THEN grams END AS not_infused_g,
        CASE WHEN break = 'infused_without_dispensing' THEN grams END
            AS infused_without_dispensing_g,
        CASE WHEN break = 'other_product' THEN grams END AS other_product_g,
        CASE WHEN break = 'grams_differ' THEN grams END AS grams_differ_g,
        CASE WHEN break = 'duplicate' THEN grams END AS duplicate_g,
        CASE WHEN break = 'ambiguous_match' THEN grams END AS ambiguous_match_g,
        CASE WHEN break = 'grams_unknown' THEN grams END AS grams_unknown_g,
        CASE WHEN break = 'quarantined_row' THEN grams END AS quarantined_row_g,
        CASE WHEN break = 'outside_period' THEN grams END AS outside_period_g,
        CASE WHEN break = 'other_lot' THEN affected_g END AS other_lot_g
    FROM derived.ledger_break
    UNION ALL BY NAME
    SELECT
        site_id,
        product_id,
        CAST(DATE_TRUNC('month', entry_on) AS DATE) AS month_on,
        is_in_period,
        FALSE AS is_set_aside,
        authorised_g
    FROM temp.ledger_authorised
)

SELECT
    site_id,
    product_id,
    month_on,
    is_in_period,
    is_set_aside,
    CAST(SUM(authorised_g) AS DECIMAL(12, 3)) AS authorised_g,
    CAST(SUM(dispensed_g) AS DECIMAL(12, 3)) AS dispensed_g,
    CAST(SUM(carried_in_g) AS DECIMAL(12, 3)) AS carried_in_g,
    CAST(SUM(infused_g) AS DECIMAL(12, 3)) AS infused_g,
    CAST(SUM(wasted_g) AS DECIMAL(12, 3)) AS wasted_g,
    CAST(SUM(wasted_again_g) AS DECIMAL(12, 3)) AS wasted_again_g,
    CAST(SUM(returned_g) AS DECIMAL(12, 3)) AS returned_g,
    CAST(SUM(carried_out_g) AS DECIMAL(12, 3)) AS carried_out_g,
    CAST(SUM(not_infused_g) AS DECIMAL(12, 3)) AS not_infused_g,
    CAST(SUM(infused_without_dispensing_g) AS DECIMAL(12, 3)) AS infused_without_dispensing_g,
    CAST(SUM(other_product_g) AS DECIMAL(12, 3)) AS other_product_g,
    CAST(SUM(other_lot_g) AS DECIMAL(12, 3)) AS other_lot_g,
    CAST(SUM(grams_differ_g) AS DECIMAL(12, 3)) AS grams_differ_g,
    CAST(SUM(duplicate_g) AS DECIMAL(12, 3)) AS duplicate_g,
    CAST(SUM(ambiguous_match_g) AS DECIMAL(12, 3)) AS ambiguous_match_g,
    CAST(SUM(grams_unknown_g) AS DECIMAL(12, 3)) AS grams_unknown_g,
    CAST(SUM(quarantined_row_g) AS DECIMAL(12, 3)) AS quarantined_row_g,
    CAST(SUM(outside_period_g) AS DECIMAL(12, 3)) AS outside_period_g,
    CAST(SUM(unexplained_g) AS DECIMAL(12, 3)) AS unexplained_g,
    SUM(n_dispensings) AS n_dispensings,
    SUM(n_infusions) AS n_infusions,
    SUM(n_unknown) AS n_unknown
FROM told
GROUP BY ALL
