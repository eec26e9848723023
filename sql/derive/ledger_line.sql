-- One row per line of the gram ledger: what was issued, came back, was discarded and infused in it,
-- and what became of it. A line is named by its first dispensing's key, or by minus its infusion's
-- where it has none, and has that record's day. Plain pairs are not stored: they are what no other
-- step holds.
WITH supplied AS (
    SELECT COUNT(*) = 2 AS is_both
    FROM audit.record_supplied
    WHERE record IN ('infusion', 'dispensing')
),

broken AS (
    SELECT
        line_key,
        SUM(grams) AS unexplained_g,
        LIST(DISTINCT break) AS breaks
    FROM derived.ledger_break
    GROUP BY line_key
),

apart AS (
    SELECT
        line_key,
        MIN(patient_key) AS patient_key,
        ARG_MIN(product_id, (record, record_key)) AS product_id,
        ARG_MIN(entry_on, (record, record_key)) AS line_on,
        MIN(matched_by) AS matched_by,
        COUNT(*) FILTER (WHERE record = 'dispensing') AS n_dispensings,
        COUNT(*) FILTER (WHERE record = 'infusion') AS n_infusions,
        COUNT(*) FILTER (WHERE record = 'infusion' AND infused_g IS NULL) AS n_unknown,
        SUM(dispensed_g) AS dispensed_g,
        SUM(returned_g) AS returned_g,
        SUM(wasted_g) AS wasted_g,
        SUM(infused_g) AS infused_g,
        BOOL_AND(is_set_aside) AS is_set_aside
    FROM derived.ledger_apart
    GROUP BY line_key
)

SELECT
    a.line_key,
    a.patient_key,
    a.product_id,
    a.line_on,
    a.matched_by,
    a.n_dispensings,
    a.n_infusions,
    a.dispensed_g,
    a.returned_g,
    a.wasted_g,
    a.infused_g,
    b.unexplained_g,
    CASE
        WHEN a.is_set_aside THEN 'set_aside'
        WHEN
            LIST_HAS_ANY(
                b.breaks,
                [
                    'not_infused', 'infused_without_dispensing', 'other_product', 'other_lot',
                    'grams_differ', 'duplicate'
                ]
            )
            THEN 'broken'
        WHEN b.breaks IS NOT NULL THEN b.breaks[1]
        WHEN a.n_unknown > 0 THEN 'grams_unknown'
        ELSE 'closed'
    END AS state
FROM apart AS a
LEFT JOIN broken AS b ON a.line_key = b.line_key
UNION ALL
SELECT
    d.dispensing_key AS line_key,
    d.patient_key,
    p.product_id,
    d.dispensed_on AS line_on,
    IF(s.is_both, 'id', NULL) AS matched_by,
    1 AS n_dispensings,
    IF(s.is_both, 1, NULL) AS n_infusions,
    d.dose_g AS dispensed_g,
    IF(s.is_both, 0, d.returned_g) AS returned_g,
    IF(s.is_both, 0, d.wasted_g) AS wasted_g,
    IF(s.is_both, d.dose_g, NULL) AS infused_g,
    NULL AS unexplained_g,
    CASE
        WHEN NOT s.is_both THEN 'table_not_supplied'
        WHEN p.is_set_aside THEN 'set_aside'
        ELSE 'closed'
    END AS state
FROM staged.dispensing AS d
CROSS JOIN supplied AS s
INNER JOIN derived.ledger_product AS p
    ON d.product_code = p.product_code AND d.route IS NOT DISTINCT FROM p.route_text
ANTI JOIN derived.ledger_apart AS a
    ON d.dispensing_key = a.record_key AND a.record = 'dispensing'
UNION ALL
SELECT
    -i.infusion_key AS line_key,
    i.patient_key,
    p.product_id,
    i.started_on AS line_on,
    NULL AS matched_by,
    NULL AS n_dispensings,
    1 AS n_infusions,
    NULL AS dispensed_g,
    NULL AS returned_g,
    NULL AS wasted_g,
    IF(i.status = 'not_given', 0, i.dose_g) AS infused_g,
    NULL AS unexplained_g,
    'table_not_supplied' AS state
FROM staged.infusion AS i
INNER JOIN supplied AS s ON NOT s.is_both
INNER JOIN derived.ledger_product AS p
    ON i.product_code = p.product_code AND i.route IS NOT DISTINCT FROM p.route_text
