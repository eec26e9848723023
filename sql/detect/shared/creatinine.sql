-- One row per creatinine of a patient of whom some record may tell: between which values the truth
-- lies, in the exact measure (canonical value times divisor), and when it was taken. `at_most` is
-- NULL where no limit is known. A result in quarantine, or one whose unit is missing, may have been
-- anything: it can be nobody's proof, and it may have been the lowest.
WITH treated AS (
    SELECT DISTINCT patient_key FROM temp.touched
),

factor AS (
    SELECT DISTINCT
        lab_unit_key,
        add_first,
        exact_factor
    FROM guideline.lab_unit
    WHERE analyte = 'creatinine'
),

measured AS (
    SELECT
        l.patient_key,
        l.lab_result_key,
        l.collected_at,
        l.collected_on,
        l.comparator,
        CASE
            WHEN l.doubt IS NULL
                THEN CAST(
                    (CAST(l.declared_value AS DECIMAL(28, 6)) + f.add_first) * f.exact_factor
                    AS DECIMAL(28, 9)
                )
        END AS exact_value
    FROM derived.lab_result AS l
    SEMI JOIN treated AS t ON l.patient_key = t.patient_key
    LEFT JOIN factor AS f ON l.lab_unit_key = f.lab_unit_key
    WHERE
        l.analyte = 'creatinine'
        AND (l.doubt IS NULL OR l.doubt NOT IN ('after_death', 'other_specimen', 'not_a_number'))
),

kept_out AS (
    SELECT DISTINCT
        patient_id,
        on_date,
        JSON_EXTRACT_STRING(row_json, '$.test_code') AS test_code
    FROM quarantine.lab_result
    WHERE on_date IS NOT NULL
)

SELECT
    patient_key,
    lab_result_key,
    collected_at,
    collected_on,
    exact_value IS NOT NULL AS is_read,
    CASE
        WHEN exact_value IS NULL OR comparator IN ('<', '<=') THEN CAST(0 AS DECIMAL(28, 9))
        ELSE exact_value
    END AS at_least,
    CASE WHEN comparator IS NULL OR comparator IN ('<', '<=') THEN exact_value END AS at_most
FROM measured
UNION ALL
SELECT DISTINCT
    a.patient_key,
    NULL AS lab_result_key,
    NULL AS collected_at,
    q.on_date AS collected_on,
    FALSE AS is_read,
    CAST(0 AS DECIMAL(28, 9)) AS at_least,
    NULL AS at_most
FROM kept_out AS q
INNER JOIN guideline.lab_test AS c ON TRIM(q.test_code) = c.test_code AND c.analyte = 'creatinine'
INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
SEMI JOIN treated AS t ON a.patient_key = t.patient_key
