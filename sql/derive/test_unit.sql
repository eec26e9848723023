-- One row per test code and unit in the results whose code is in guideline.lab_test: the analyte
-- and how its values become the canonical unit. Without a factor they are not converted:
-- `doubt` says why. Many millions of results have few such pairs.
WITH declared AS (
    SELECT
        test_code,
        unit,
        COUNT(*) AS n
    FROM staged.lab_result
    GROUP BY test_code, unit
),

told AS (
    SELECT
        *,
        UPPER(REPLACE(REPLACE(REPLACE(unit, ' ', ''), 'µ', 'u'), 'μ', 'u')) AS spelling
    FROM declared
)

SELECT
    d.test_code,
    d.unit,
    d.n,
    c.specimen,
    a.analyte,
    a.canonical_unit,
    a.divisor,
    u.lab_unit_key,
    u.add_first,
    u.exact_factor,
    CASE
        WHEN a.canonical_unit IS NULL THEN 'no_canonical_unit'
        WHEN d.unit IS NULL THEN 'unit_missing'
        WHEN u.lab_unit_key IS NULL THEN 'unit_unknown'
        WHEN u.is_ambiguous THEN 'unit_ambiguous'
    END AS doubt
FROM told AS d
INNER JOIN guideline.lab_test AS c ON d.test_code = c.test_code
INNER JOIN guideline.lab_analyte AS a ON c.analyte = a.analyte
LEFT JOIN guideline.lab_unit AS u ON a.analyte = u.analyte AND d.spelling = u.spelling
