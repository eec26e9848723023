-- One row per code or word of the source that no list of ours knows, and what it is of, with the
-- rows that carry it.
SELECT
    code,
    fate,
    SUM(n_rows) AS n_rows
FROM audit.row_account
WHERE
    fate IN (
        'not_listed', 'medicine_not_listed', 'test_without_loinc', 'diagnosis_uncoded',
        'vaccine_uncoded', 'type_unknown', 'action_unknown'
    )
GROUP BY code, fate
