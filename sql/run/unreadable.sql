-- One row per line of an input file that could not be read.
SELECT
    'unreadable' AS record,
    file_id AS source_file,
    source_row,
    NULL AS column_name,
    reason AS check_name,
    original_text,
    NULL AS row_json
FROM quarantine.unreadable
