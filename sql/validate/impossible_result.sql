-- One row per result that cannot be true: column at fault and check. The unit is of no laboratory
-- test we know (unknown_unit) or of other tests only (impossible_unit), or the value lies beyond
-- what the analyte can be (impossible_value; limits: temp.lab_analyte). A missing unit and an
-- ambiguous one are no faults: such a result is kept and never converted.
WITH declared AS (
    SELECT DISTINCT
        test_code,
        unit
    FROM typed
    WHERE unit IS NOT NULL AND value IS NOT NULL
),

told AS (
    SELECT
        *,
        UPPER(REPLACE(REPLACE(REPLACE(unit, ' ', ''), 'µ', 'u'), 'μ', 'u')) AS spelling
    FROM declared
),

reading AS (
    SELECT
        d.test_code,
        d.unit,
        CASE
            WHEN u.analyte IS NOT NULL THEN NULL
            WHEN d.spelling IN (SELECT k.spelling FROM temp.lab_unit AS k) THEN 'impossible_unit'
            ELSE 'unknown_unit'
        END AS fault,
        u.add_first,
        u.exact_factor,
        CAST(a.least AS DECIMAL(28, 6)) * a.divisor AS exact_least,
        CAST(a.most AS DECIMAL(28, 6)) * a.divisor AS exact_most
    FROM told AS d
    INNER JOIN temp.lab_test AS c ON d.test_code = c.test_code
    -- a finding in words has no unit of its own: whatever stands there does not matter
    INNER JOIN temp.lab_analyte AS a
        ON c.analyte = a.analyte AND a.canonical_unit IS NOT NULL
    LEFT JOIN temp.lab_unit AS u ON a.analyte = u.analyte AND d.spelling = u.spelling
),

measured AS (
    SELECT
        t.rowid AS row_no,
        r.fault,
        t.comparator,
        r.exact_least,
        r.exact_most,
        (CAST(t.value AS DECIMAL(28, 6)) + r.add_first) * r.exact_factor AS exact_value
    FROM typed AS t
    INNER JOIN reading AS r ON t.test_code = r.test_code AND t.unit = r.unit
    WHERE t.value IS NOT NULL
)

SELECT
    row_no,
    'unit' AS column_name,
    fault AS check_name
FROM measured
WHERE fault IS NOT NULL
UNION ALL
SELECT
    row_no,
    'value' AS column_name,
    'impossible_value' AS check_name
FROM measured
WHERE
    exact_value > exact_most
    -- below a limit of measurement the true value may lie anywhere down to nothing
    OR (exact_value < exact_least AND (comparator IS NULL OR comparator IN ('>', '>=')))
    OR (exact_value <= 0 AND comparator = '<')
