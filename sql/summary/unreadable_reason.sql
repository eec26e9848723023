-- One row per file and reason lines of it could not be read for.
SELECT
    f.file_name,
    u.reason,
    COUNT(*) AS n_rows
FROM quarantine.unreadable AS u
INNER JOIN audit.input_file AS f ON u.file_id = f.file_id
GROUP BY f.file_name, u.reason
