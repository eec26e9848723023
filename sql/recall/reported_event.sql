-- One row per reported adverse event that names the lot or one that may be it, whoever had it.
-- Its patient is on the list even where no use of the lot is recorded.
SELECT
    'event' AS section,
    'event_names_lot' AS why,
    w.likeness,
    w.likeness_order,
    e.patient_key,
    e.onset_on AS on_date,
    COALESCE(f.product, e.product_code) AS product,
    f.fit,
    e.lot_number,
    e.term AS detail,
    'adverse_event' AS record,
    e.source_file,
    e.source_row
FROM staged.adverse_event AS e
INNER JOIN temp.written AS w ON e.lot_number = w.lot_number
LEFT JOIN temp.product_fit AS f ON e.product_code = f.product_code
WHERE w.likeness != 'neighbour'
