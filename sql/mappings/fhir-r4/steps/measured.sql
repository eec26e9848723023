-- One row per value of an Observation and per Observation without one, read as number or words.
-- Whom a dose is weighed by must be final: a preliminary weight, height or blood group is none, and
-- neither is one that was withdrawn.
-- 29463-7 is the weight, 8302-2 the height, 883-9 the ABO group (the reference names its sources).
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH worded AS (
    SELECT
        *,
        CODE_IN(coding, 'http://loinc.org') AS loinc,
        valuequantity.value AS measured,
        COALESCE(valuequantity.code, valuequantity.unit) AS unit,
        COALESCE(
            SAID(valuecodeableconcept), valuestring, valueinteger, valueboolean,
            valueratio.numerator.value || ':' || valueratio.denominator.value
        ) AS said
    FROM step.observed
),

numbered AS (
    SELECT
        *,
        -- a limit or a number written as text
        REGEXP_EXTRACT(
            said, '^ *(<=|>=|<|>)? *(-?[0-9]*\.?[0-9]+) *$', ['sign', 'number']
        ) AS part,
        CASE
            WHEN
                valuequantity.comparator IS NULL
                AND REGEXP_FULL_MATCH(measured, '\d{1,6}(\.\d{1,3})?')
                THEN TRY_CAST(measured AS DECIMAL(9, 3))
        END AS exact
    FROM worded
)

SELECT
    patient_id,
    observed_at,
    specimen,
    loinc,
    is_preliminary,
    COALESCE(measured, NULLIF(part.number, '')) AS number,
    CASE WHEN measured IS NULL AND (part.number = '') IS NOT FALSE THEN said END AS words,
    CASE WHEN measured IS NULL THEN NULLIF(part.sign, '') ELSE valuequantity.comparator END
        AS comparator,
    unit,
    CASE
        WHEN is_preliminary OR fate IS NOT NULL THEN NULL
        WHEN loinc = '29463-7' AND unit = 'kg' AND valuequantity.comparator IS NULL THEN measured
        WHEN
            loinc = '29463-7' AND unit = 'g'
            THEN CAST(CAST(exact * 0.001 AS DECIMAL(9, 3)) AS VARCHAR)
        WHEN loinc = '29463-7' AND unit = '[lb_av]'
            THEN CAST(CAST(exact * 0.45359237 AS DECIMAL(9, 3)) AS VARCHAR)
    END AS weight_kg,
    CASE
        WHEN is_preliminary OR fate IS NOT NULL THEN NULL
        WHEN loinc = '8302-2' AND unit = 'cm' AND valuequantity.comparator IS NULL THEN measured
        WHEN
            loinc = '8302-2' AND unit = 'm'
            THEN CAST(TRY_CAST(exact * 100 AS DECIMAL(9, 3)) AS VARCHAR)
        WHEN loinc = '8302-2' AND unit = '[in_i]'
            THEN CAST(TRY_CAST(exact * 2.54 AS DECIMAL(9, 3)) AS VARCHAR)
    END AS height_cm,
    CASE
        WHEN is_preliminary OR fate IS NOT NULL THEN NULL
        WHEN loinc = '883-9' AND UPPER(TRIM(said)) IN ('A', 'B', 'AB', 'O') THEN UPPER(TRIM(said))
    END AS blood_group,
    shown_code,
    CASE
        WHEN fate IS NOT NULL THEN fate
        WHEN is_preliminary AND loinc IN ('29463-7', '8302-2', '883-9') THEN 'not_final'
        WHEN measured IS NULL AND said IS NULL THEN 'no_value'
        WHEN loinc IS NULL THEN 'code_unknown'
        ELSE 'read'
    END AS fate,
    source_file,
    source_row
FROM numbered
