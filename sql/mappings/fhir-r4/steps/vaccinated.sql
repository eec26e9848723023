-- One row per Immunization, with its CVX code and whether the vaccine was given.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        *,
        CODE_IN(vaccinecode.coding, '%hl7.org/fhir/sid/cvx') AS vaccine_code
    FROM raw.immunization
)

SELECT
    REFERENCE_ID(patient.reference, 'Patient') AS patient_id,
    vaccine_code,
    vaccinecode.coding[1].code AS shown_code,
    COALESCE(WHOLE_DAY(occurrencedatetime), occurrencedatetime) AS given_on,
    CASE
        WHEN status = 'entered-in-error' THEN 'entered_in_error'
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN status = 'not-done' THEN 'not_given'
        WHEN vaccine_code IS NULL THEN 'code_unknown'
        ELSE 'read'
    END AS fate,
    source_file,
    source_row
FROM read
