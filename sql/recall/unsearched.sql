-- One row per kind of row in which a recall cannot find a lot, and how many there are.
SELECT
    record || '_without_lot' AS kind,
    COUNT(*) AS n_rows
FROM temp.bare
GROUP BY record
UNION ALL
SELECT
    'refused_without_lot' AS kind,
    COUNT(*) AS n_rows
FROM temp.refused_row
WHERE lot_number IS NULL AND record != 'adverse_event'
UNION ALL
SELECT
    'unreadable_line' AS kind,
    COUNT(*) AS n_rows
FROM quarantine.unreadable
WHERE original_text IS NOT NULL
UNION ALL
SELECT
    'opted_out' AS kind,
    n_patients AS n_rows
FROM audit.opt_out
UNION ALL
SELECT
    'text_withheld' AS kind,
    n_texts_withheld AS n_rows
FROM audit.opt_out
UNION ALL
SELECT
    'set_aside' AS kind,
    COUNT(*) AS n_rows
FROM staged.set_aside
WHERE
    record IN ('infusion', 'infusion_lot', 'dispensing', 'dispensing_lot')
    AND reason IN ('superseded', 'deleted')
ORDER BY kind
