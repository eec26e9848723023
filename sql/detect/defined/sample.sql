-- One row per result a case definition may ask about, of a patient of whom some record may tell:
-- between which values the truth lies, in the exact measure, and between which instants it was
-- taken. `at_most` is NULL where no limit is known. What is in quarantine or has no readable unit
-- may have been anything. The osmolal gap is made of four results of one sample: measured - (2 x
-- sodium + glucose / 18 + urea nitrogen / 2.8).
WITH treated AS (
    SELECT DISTINCT patient_key FROM temp.touched
),

wanted AS (
    SELECT DISTINCT analyte
    FROM guideline.definition_criterion
    WHERE analyte IS NOT NULL
    UNION
    SELECT UNNEST(['sodium', 'glucose', 'bun', 'osmolality']) AS analyte
    FROM guideline.definition_criterion
    WHERE analyte = 'osmolal_gap'
),

factor AS (
    SELECT DISTINCT
        lab_unit_key,
        add_first,
        exact_factor
    FROM guideline.lab_unit
),

measured AS (
    SELECT
        l.patient_key,
        l.analyte,
        l.lab_result_key,
        l.collected_at,
        l.collected_on,
        l.comparator,
        l.finding,
        CASE
            WHEN l.doubt IS NULL
                THEN CAST(
                    (CAST(l.declared_value AS DECIMAL(28, 6)) + f.add_first) * f.exact_factor
                    AS DECIMAL(28, 9)
                )
        END AS exact_value
    FROM derived.lab_result AS l
    SEMI JOIN treated AS t ON l.patient_key = t.patient_key
    SEMI JOIN wanted AS w ON l.analyte = w.analyte
    LEFT JOIN factor AS f ON l.lab_unit_key = f.lab_unit_key
    WHERE l.doubt IS NULL OR l.doubt NOT IN ('after_death', 'other_specimen', 'not_a_number')
),

kept_out AS (
    SELECT DISTINCT
        a.patient_key,
        c.analyte,
        q.on_date
    FROM (
        SELECT DISTINCT
            patient_id,
            on_date,
            JSON_EXTRACT_STRING(row_json, '$.test_code') AS test_code
        FROM quarantine.lab_result
        WHERE on_date IS NOT NULL
    ) AS q
    INNER JOIN guideline.lab_test AS c ON TRIM(q.test_code) = c.test_code
    SEMI JOIN wanted AS w ON c.analyte = w.analyte
    INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
    SEMI JOIN treated AS t ON a.patient_key = t.patient_key
),

-- its own look at the few results it is made of: a conversion for all of them would cost most
together AS (
    SELECT
        l.patient_key,
        l.collected_at,
        MAX(l.collected_on) AS collected_on,
        MAX(l.lab_result_key) FILTER (WHERE l.analyte = 'osmolality') AS lab_result_key,
        MIN(l.canonical_value) FILTER (WHERE l.analyte = 'osmolality') AS osmolality,
        MIN(l.canonical_value) FILTER (WHERE l.analyte = 'sodium') AS sodium,
        MIN(l.canonical_value) FILTER (WHERE l.analyte = 'glucose') AS glucose,
        MIN(l.canonical_value) FILTER (WHERE l.analyte = 'bun') AS urea_nitrogen
    FROM derived.lab_result AS l
    SEMI JOIN treated AS t ON l.patient_key = t.patient_key
    SEMI JOIN wanted AS w ON l.analyte = w.analyte
    WHERE
        l.analyte IN ('osmolality', 'sodium', 'glucose', 'bun')
        AND l.collected_at IS NOT NULL
        AND l.comparator IS NULL
        AND (l.doubt IS NULL OR l.doubt NOT IN ('after_death', 'other_specimen', 'not_a_number'))
    GROUP BY l.patient_key, l.collected_at
),

gap AS (
    SELECT
        patient_key,
        lab_result_key,
        collected_at,
        collected_on,
        CAST(
            ROUND(osmolality - 2 * sodium - glucose / 18 - urea_nitrogen / 2.8, 6)
            AS DECIMAL(28, 9)
        ) AS exact_value
    FROM together
    WHERE
        osmolality IS NOT NULL
        AND sodium IS NOT NULL
        AND glucose IS NOT NULL
        AND urea_nitrogen IS NOT NULL
),

told AS (
    SELECT
        patient_key,
        analyte,
        lab_result_key,
        collected_at,
        collected_on,
        comparator,
        finding,
        exact_value
    FROM measured
    UNION ALL
    SELECT
        patient_key,
        'osmolal_gap' AS analyte,
        lab_result_key,
        collected_at,
        collected_on,
        NULL AS comparator,
        NULL AS finding,
        exact_value
    FROM gap
    UNION ALL
    SELECT
        patient_key,
        analyte,
        NULL AS lab_result_key,
        NULL AS collected_at,
        on_date AS collected_on,
        NULL AS comparator,
        NULL AS finding,
        NULL AS exact_value
    FROM kept_out
)

SELECT
    patient_key,
    analyte,
    lab_result_key,
    COALESCE(collected_at, CAST(collected_on AS TIMESTAMP)) AS taken_from,
    COALESCE(collected_at, collected_on + INTERVAL 1 DAY) AS taken_to,
    collected_at IS NOT NULL AS is_timed,
    finding,
    exact_value IS NOT NULL OR finding IS NOT NULL AS is_read,
    CASE
        WHEN exact_value IS NULL OR comparator IN ('<', '<=') THEN CAST(0 AS DECIMAL(28, 9))
        ELSE exact_value
    END AS at_least,
    CASE WHEN comparator IS NULL OR comparator IN ('<', '<=') THEN exact_value END AS at_most
FROM told
