-- One row per action: its word, what became of it, and the grams it began.
SELECT
    r.source_file,
    r.source_row,
    r.action AS code,
    COALESCE(a.fate, b.fate, p.fate) AS fate,
    b.dose_g AS grams
FROM raw.mar_action AS r
INNER JOIN step.action AS a ON r.source_file = a.source_file AND r.source_row = a.source_row
LEFT JOIN step.bag AS b ON r.source_file = b.source_file AND r.source_row = b.source_row
LEFT JOIN step.placed AS p ON r.source_file = p.source_file AND r.source_row = p.source_row
