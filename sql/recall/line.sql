-- One row per bag, issue, refused row or reported event that names the lot or may hold it, of any
-- product: `is_listed` unless it is of another product than the one asked for. `person` tells
-- patients apart: known ones by their key, others by what the source calls them (NULL: nobody is
-- named).
WITH every AS (
    SELECT *
    FROM temp.given
    UNION ALL BY NAME
    SELECT *
    FROM temp.dispensed
    UNION ALL BY NAME
    SELECT *
    FROM temp.refused
    UNION ALL BY NAME
    SELECT *
    FROM temp.reported_event
)

SELECT
    e.section,
    e.why,
    e.likeness,
    e.likeness_order,
    e.patient_key,
    COALESCE(p.patient_id, e.patient_id) AS patient_id,
    COALESCE(CAST(e.patient_key AS VARCHAR), 'named ' || e.patient_id) AS person,
    e.on_date,
    e.product,
    (e.fit IS DISTINCT FROM 'other') AS is_listed,
    e.route,
    e.lot_number,
    e.expires_on,
    e.lot_g,
    e.dose_g,
    e.session_key,
    e.site_id,
    e.ward_id,
    e.detail,
    e.record,
    e.source_file,
    e.source_row,
    f.file_name
FROM every AS e
LEFT JOIN staged.patient AS p ON e.patient_key = p.patient_key
LEFT JOIN audit.input_file AS f ON e.source_file = f.file_id
