-- One row per row in quarantine, or unreadable line, that names the lot or one that may be it.
-- The patient is the one it names, whether or not the records know that patient; a row of
-- `*_lot` names none, and has that of its infusion or dispensing, staged or refused itself.
WITH found AS (
    SELECT
        r.*,
        w.likeness,
        w.likeness_order
    FROM temp.refused_row AS r
    INNER JOIN temp.written AS w ON r.lot_number = w.lot_number
    WHERE w.likeness != 'neighbour'
),

parent AS (
    SELECT
        f.source_file,
        f.source_row,
        MIN(COALESCE(i.patient_key, d.patient_key)) AS patient_key,
        MIN(COALESCE(r.patient_id, s.patient_id)) AS patient_id,
        MIN(COALESCE(i.started_on, d.dispensed_on, r.on_date, s.on_date)) AS on_date
    FROM found AS f
    LEFT JOIN staged.infusion AS i
        ON f.infusion_id = i.infusion_id AND f.record = 'infusion_lot'
    LEFT JOIN staged.dispensing AS d
        ON f.dispensing_id = d.dispensing_id AND f.record = 'dispensing_lot'
    LEFT JOIN temp.refused_row AS r
        ON f.infusion_id = r.infusion_id AND f.record = 'infusion_lot' AND r.record = 'infusion'
    LEFT JOIN temp.refused_row AS s
        ON
            f.dispensing_id = s.dispensing_id
            AND f.record = 'dispensing_lot'
            AND s.record = 'dispensing'
    WHERE f.record IN ('infusion_lot', 'dispensing_lot')
    GROUP BY f.source_file, f.source_row
)

SELECT
    'refused' AS section,
    CASE
        WHEN STARTS_WITH(f.reason, 'line: ') THEN 'unreadable'
        WHEN COALESCE(a.patient_key, p.patient_key) IS NULL THEN 'refused_patient_unknown'
        ELSE 'refused'
    END AS why,
    f.likeness,
    f.likeness_order,
    COALESCE(a.patient_key, p.patient_key) AS patient_key,
    COALESCE(f.patient_id, p.patient_id) AS patient_id,
    COALESCE(f.on_date, p.on_date) AS on_date,
    COALESCE(t.product, f.product_code) AS product,
    t.fit,
    f.route_text AS route,
    CASE WHEN NOT STARTS_WITH(f.reason, 'line: ') THEN f.lot_number END AS lot_number,
    CASE
        WHEN REGEXP_FULL_MATCH(f.dose_text, '\d{1,6}(\.\d{1,3})?')
            THEN CAST(f.dose_text AS DECIMAL(12, 3))
    END AS dose_g,
    f.site_id,
    f.ward_id,
    f.record,
    f.source_file,
    f.source_row,
    f.reason AS detail
FROM found AS f
LEFT JOIN parent AS p ON f.source_file = p.source_file AND f.source_row = p.source_row
LEFT JOIN staged.patient_alias AS a
    ON
        COALESCE(f.patient_id, p.patient_id) = a.patient_id
        AND (a.source_id = '' OR f.source_id = a.source_id)
LEFT JOIN temp.product_fit AS t ON f.product_code = t.product_code
