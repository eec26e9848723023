-- One row per other text that is or may be the lot, or is one character away from it, and product:
-- how often it stands in the records. `is_listed`: its uses are on the list.
WITH used AS (
    SELECT
        l.lot_number,
        l.record,
        l.product_code,
        COALESCE(i.patient_key, d.patient_key) AS patient_key
    FROM temp.lot_row AS l
    LEFT JOIN staged.infusion AS i ON l.record = 'infusion' AND l.record_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON l.record = 'dispensing' AND l.record_key = d.dispensing_key
    UNION ALL
    SELECT
        lot_number,
        'refused' AS record,
        product_code,
        NULL AS patient_key
    FROM temp.refused_row
    WHERE NOT STARTS_WITH(reason, 'line: ')
    UNION ALL
    SELECT
        lot_number,
        'event' AS record,
        product_code,
        patient_key
    FROM staged.adverse_event
)

SELECT
    w.likeness,
    w.lot_number,
    f.product,
    (w.likeness != 'neighbour' AND f.fit IS DISTINCT FROM 'other') AS is_listed,
    COUNT(*) FILTER (WHERE u.record = 'infusion') AS n_infusions,
    COUNT(*) FILTER (WHERE u.record = 'dispensing') AS n_dispensings,
    COUNT(*) FILTER (WHERE u.record = 'refused') AS n_refused,
    COUNT(*) FILTER (WHERE u.record = 'event') AS n_events,
    COUNT(DISTINCT u.patient_key) AS n_patients
FROM temp.written AS w
INNER JOIN used AS u ON w.lot_number = u.lot_number
LEFT JOIN temp.product_fit AS f ON u.product_code = f.product_code
WHERE w.likeness != 'same'
GROUP BY w.likeness, w.likeness_order, w.lot_number, f.product, f.fit
ORDER BY w.likeness_order, w.lot_number, f.product
