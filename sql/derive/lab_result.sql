-- One row per staged result of a test in guideline.lab_test: its value in the analyte's canonical
-- unit, by code and declared unit alone. A value that is not converted keeps its row, for the
-- test was done; `doubt` says why. The canonical value is rounded to six decimals: a limit is
-- tested by guideline.lab_unit.exact_factor, which needs no division.
-- A comparator says on which side of the value the truth lies.
WITH found AS (
    SELECT
        l.lab_result_key,
        l.patient_key,
        r.analyte,
        r.canonical_unit,
        r.divisor,
        r.lab_unit_key,
        r.add_first,
        r.exact_factor,
        l.comparator,
        l.value_text,
        l.collected_at,
        l.collected_on,
        l.value AS declared_value,
        l.unit AS declared_unit,
        CASE
            WHEN l.collected_on > p.deceased_on THEN 'after_death'
            -- a code for serum under which a laboratory files its urine
            WHEN l.specimen ILIKE 'urin%' AND r.specimen <> 'urine' THEN 'other_specimen'
            WHEN
                (l.specimen ILIKE 'csf%' OR l.specimen ILIKE 'cerebrospinal%')
                AND r.specimen <> 'cerebrospinal fluid'
                THEN 'other_specimen'
            WHEN r.doubt = 'no_canonical_unit' THEN r.doubt
            WHEN l.value IS NULL THEN 'not_a_number'
            ELSE r.doubt
        END AS doubt
    FROM staged.lab_result AS l
    INNER JOIN derived.test_unit AS r
        ON l.test_code = r.test_code AND l.unit IS NOT DISTINCT FROM r.unit
    LEFT JOIN staged.patient AS p
        ON l.patient_key = p.patient_key AND p.deceased_on IS NOT NULL
)

SELECT
    lab_result_key,
    patient_key,
    analyte,
    CASE
        WHEN doubt IS NOT NULL THEN NULL
        -- most results come in the canonical unit, and wide decimals are slow
        WHEN exact_factor = divisor AND add_first = 0 THEN declared_value
        WHEN divisor = 1
            THEN CAST(
                (CAST(declared_value AS DECIMAL(28, 6)) + add_first) * exact_factor
                AS DECIMAL(18, 6)
            )
        ELSE CAST(
            ROUND(
                (CAST(declared_value AS DECIMAL(28, 6)) + add_first) * exact_factor / divisor, 6
            ) AS DECIMAL(18, 6)
        )
    END AS canonical_value,
    canonical_unit,
    comparator,
    -- what a laboratory writes for a finding, in words or as pluses; a titre is read by nobody
    CASE
        WHEN value_text IS NULL THEN NULL
        WHEN REGEXP_FULL_MATCH(
            UPPER(TRIM(value_text)),
            '(NEG|NEGATIVE|NON[- ]?REACTIVE|NOT DETECTED|NONE|NONE DETECTED|ABSENT|NOT PRESENT)[.]?'
        ) THEN 'negative'
        WHEN REGEXP_FULL_MATCH(
            UPPER(TRIM(value_text)),
            '((WEAK(LY)? )?POS|(WEAK(LY)? )?POSITIVE|REACTIVE|DETECTED|PRESENT|[1-4]?[+]{1,4})[.]?'
        ) THEN 'positive'
    END AS finding,
    collected_at,
    collected_on,
    declared_value,
    declared_unit,
    lab_unit_key,
    doubt
FROM found
