-- One row per input file: every record in it is mapped, not mapped or unreadable.
SELECT
    f.file_id,
    f.file_name,
    f.record,
    f.n_bytes,
    f.sha256,
    l.raw_rows,
    l.mapped_rows,
    l.not_mapped_rows,
    l.unreadable_rows
FROM audit.input_file AS f
LEFT JOIN audit.file_ledger AS l ON f.file_id = l.file_id
