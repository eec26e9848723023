-- One row per measurement, with the LOINC code, value and unit it is read by, and its fate.
-- Without the table `concept`, a source value that has the shape of a LOINC code is one, and the
-- concepts of weight and height are known by their ids. Units are those of the concept, else the
-- source's own; a unit that is not known leaves a result that is not read.
WITH described AS (
    SELECT
        m.source_file,
        m.source_row,
        m.measurement_source_value,
        CASE
            WHEN standard.vocabulary_id = 'LOINC' THEN standard.concept_code
            WHEN original.vocabulary_id = 'LOINC' THEN original.concept_code
            WHEN m.measurement_concept_id = '3025315' THEN '29463-7'
            WHEN m.measurement_concept_id = '3036277' THEN '8302-2'
            WHEN REGEXP_FULL_MATCH(m.measurement_source_value, '[0-9]{1,5}-[0-9]')
                THEN m.measurement_source_value
        END AS loinc,
        -- the model's numbers are floats: what stands behind the sixth decimal is noise
        CASE
            WHEN REGEXP_FULL_MATCH(m.value_as_number, '-?[0-9]+(\.[0-9]{1,6})?')
                THEN m.value_as_number
            ELSE
                COALESCE(
                    CAST(
                        TRY_CAST(ROUND(TRY_CAST(m.value_as_number AS DOUBLE), 6) AS DECIMAL(18, 6))
                        AS VARCHAR
                    ),
                    m.value_as_number
                )
        END AS value_as_number,
        COALESCE(answer.concept_name, m.value_source_value) AS value_text,
        CASE m.operator_concept_id
            WHEN '4171756' THEN '<'
            WHEN '4171754' THEN '<='
            WHEN '4172704' THEN '>'
            WHEN '4171755' THEN '>='
        END AS comparator,
        CASE WHEN unit.vocabulary_id = 'UCUM' THEN unit.concept_code ELSE m.unit_source_value END
            AS unit
    FROM raw.measurement AS m
    LEFT JOIN step.coded AS standard ON m.measurement_concept_id = standard.concept_id
    LEFT JOIN step.coded AS original ON m.measurement_source_concept_id = original.concept_id
    LEFT JOIN step.coded AS unit ON m.unit_concept_id = unit.concept_id
    LEFT JOIN step.coded AS answer ON m.value_as_concept_id = answer.concept_id
),

sized AS (
    SELECT
        *,
        CASE
            WHEN loinc = '29463-7' THEN CASE unit
                WHEN 'kg' THEN 1
                WHEN 'g' THEN 0.001
                WHEN '[lb_av]' THEN 0.45359237
            END
        END AS kg,
        CASE
            WHEN loinc = '8302-2' THEN CASE unit
                WHEN 'cm' THEN 1
                WHEN 'm' THEN 100
                WHEN '[in_i]' THEN 2.54
            END
        END AS cm,
        -- wider than it is read, so that no factor takes 999999, a sign for no weight, out of range
        CAST(TRY_CAST(value_as_number AS DECIMAL(18, 6)) AS DECIMAL(24, 6)) AS number_read
    FROM described
)

SELECT
    source_file,
    source_row,
    COALESCE(loinc, measurement_source_value) AS shown_code,
    CASE
        WHEN loinc IS NULL THEN 'test_without_loinc'
        WHEN value_as_number IS NULL AND value_text IS NULL THEN 'test_without_value'
        WHEN loinc IN ('29463-7', '8302-2') AND (kg IS NOT NULL OR cm IS NOT NULL) THEN 'body_size'
        WHEN loinc IN ('29463-7', '8302-2') THEN 'body_size_unit'
        ELSE 'lab_result'
    END AS fate,
    loinc AS test_code,
    value_as_number AS value, -- the contract's name -- noqa: RF04
    CASE WHEN value_as_number IS NULL THEN value_text END AS value_text,
    comparator,
    unit,
    CASE
        WHEN kg = 1 AND number_read IS NULL THEN value_as_number
        ELSE CAST(CAST(ROUND(number_read * kg, 3) AS DECIMAL(18, 3)) AS VARCHAR)
    END AS weight_kg,
    CASE
        WHEN cm = 1 AND number_read IS NULL THEN value_as_number
        ELSE CAST(CAST(ROUND(number_read * cm, 3) AS DECIMAL(18, 3)) AS VARCHAR)
    END AS height_cm
FROM sized
