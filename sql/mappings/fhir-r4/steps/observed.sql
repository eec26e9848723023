-- One row per value of an Observation, its own or that of a component, and per Observation without.
-- `fate` says what became of the Observation before its values are looked at.
-- Reading the table twice, for components the second time, takes less memory than keeping `told`.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH told AS NOT MATERIALIZED (
    SELECT
        REFERENCE_ID(subject.reference, 'Patient') AS patient_id,
        COALESCE(effectivedatetime, effectiveinstant, effectiveperiod.start) AS observed_at,
        specimen.display AS specimen,
        COALESCE(code.coding[1].code, code.text) AS shown_code,
        CASE
            WHEN status = 'entered-in-error' THEN 'entered_in_error'
            WHEN has_modifier THEN 'modifier_unknown'
            WHEN status IN ('registered', 'cancelled') THEN 'not_done'
            WHEN status NOT IN ('final', 'amended', 'corrected', 'preliminary')
                THEN 'status_unknown'
        END AS fate,
        (status = 'preliminary') IS TRUE AS is_preliminary,
        code.coding,
        valuequantity,
        valuecodeableconcept,
        valuestring,
        valueinteger,
        valueboolean,
        valueratio,
        component,
        source_file,
        source_row
    FROM raw.observation
),

parted AS (
    SELECT
        * EXCLUDE (component), -- noqa: AM04
        UNNEST(component) AS part
    FROM told
    WHERE fate IS NULL AND LENGTH(component) > 0
)

SELECT * EXCLUDE (component) -- noqa: AM04,AM07
FROM told
UNION ALL
SELECT -- noqa: AM07
    patient_id,
    observed_at,
    specimen,
    shown_code,
    fate,
    is_preliminary,
    part.code.coding,
    part.valuequantity,
    part.valuecodeableconcept,
    part.valuestring,
    part.valueinteger,
    part.valueboolean,
    part.valueratio,
    source_file,
    source_row
FROM parted
