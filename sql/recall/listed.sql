-- One row per line of the list, the surest first, with what the person who phones needs of its
-- patient.
SELECT
    ROW_NUMBER() OVER (
        ORDER BY
            l.likeness_order, l.section, l.product, l.patient_id, l.on_date, l.record, l.file_name,
            l.source_row, l.lot_number, l.why
    ) AS line_no,
    l.section,
    l.likeness,
    l.why,
    l.patient_id,
    l.on_date,
    l.product,
    l.lot_number,
    l.lot_g,
    l.dose_g,
    l.route,
    l.site_id,
    l.ward_id,
    l.expires_on,
    c.last_contact_on,
    p.deceased_on,
    l.detail,
    l.record,
    l.file_name,
    l.source_row
FROM temp.line AS l
LEFT JOIN temp.last_contact AS c ON l.patient_key = c.patient_key
LEFT JOIN staged.patient AS p ON l.patient_key = p.patient_key
WHERE l.is_listed
ORDER BY line_no
