-- One row per code of the source that no list of ours knows, with the rows that carry it.
SELECT
    code,
    n_rows
FROM audit.row_account
WHERE fate = 'not_listed'
