-- One row per row in quarantine that may name a lot, and per line that could not be read at all
-- (its text is then searched as a whole). Nothing here was counted or judged: a recall reads it
-- all the same. A row of `*_lot` is refused with its infusion, so its patient is looked for there.
WITH failed AS (
    -- the tables of quarantine have the same columns, one by one
    SELECT -- noqa: AM07
        'infusion' AS record,
        *
    FROM quarantine.infusion
    UNION ALL
    SELECT
        'infusion_lot' AS record,
        *
    FROM quarantine.infusion_lot
    UNION ALL
    SELECT
        'dispensing' AS record,
        *
    FROM quarantine.dispensing
    UNION ALL
    SELECT
        'dispensing_lot' AS record,
        *
    FROM quarantine.dispensing_lot
    UNION ALL
    SELECT
        'adverse_event' AS record,
        *
    FROM quarantine.adverse_event
),

refused AS (
    SELECT
        record,
        source_file,
        source_row,
        MIN(patient_id) AS patient_id,
        MIN(on_date) AS on_date,
        STRING_AGG(column_name || ': ' || check_name, '; ' ORDER BY column_name, check_name)
            AS reason,
        MIN(row_json) AS row_json
    FROM failed
    GROUP BY record, quarantine_key, source_file, source_row
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    record,
    source_file,
    source_row,
    patient_id,
    on_date,
    reason,
    NULLIF(TRIM(row_json ->> 'lot_number'), '') AS lot_number,
    TRIM(row_json ->> 'product_code') AS product_code,
    row_json ->> 'dose_g' AS dose_text,
    row_json ->> 'route' AS route_text,
    NULLIF(TRIM(row_json ->> 'infusion_id'), '') AS infusion_id,
    NULLIF(TRIM(row_json ->> 'dispensing_id'), '') AS dispensing_id,
    COALESCE(row_json ->> 'source_id', '') AS source_id,
    row_json ->> 'site_id' AS site_id,
    row_json ->> 'ward_id' AS ward_id
FROM refused
UNION ALL BY NAME
SELECT
    COALESCE(f.record, 'file') AS record,
    u.file_id AS source_file,
    u.source_row,
    'line: ' || u.reason AS reason,
    u.original_text AS lot_number
FROM quarantine.unreadable AS u
LEFT JOIN audit.input_file AS f ON u.file_id = f.file_id
