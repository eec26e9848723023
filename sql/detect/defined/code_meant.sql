-- One row per code in the records and criterion or guard it belongs to.
WITH spelt AS (
    SELECT DISTINCT
        code_system,
        code,
        REGEXP_REPLACE(UPPER(code), '[.\s]', '', 'g') AS letters
    FROM staged.diagnosis
    UNION
    SELECT DISTINCT
        code_system,
        code,
        UPPER(code) AS letters
    FROM staged.medication
)

SELECT DISTINCT
    s.code_system,
    s.code,
    c.criterion_key,
    NULL AS guard_key
FROM spelt AS s
INNER JOIN guideline.definition_code AS c
    ON s.code_system = c.code_system AND s.letters LIKE c.code_pattern
UNION ALL
SELECT DISTINCT
    s.code_system,
    s.code,
    NULL AS criterion_key,
    g.guard_key
FROM spelt AS s
INNER JOIN guideline.guard_code AS g
    ON s.code_system = g.code_system AND s.letters LIKE g.code_pattern
