-- One row per indication text in the records that no code list knows: n counts the rows that
-- carry it. Such a row is treated as if no indication was recorded.
SELECT
    indication_text,
    n
FROM temp.indication_text
WHERE indication_code IS NULL
