-- One row per value of an Observation whose test is known by LOINC, weights and heights apart.
SELECT
    patient_id,
    loinc AS test_code,
    observed_at AS collected_at,
    number AS value, -- the contract's name -- noqa: RF04
    words AS value_text,
    comparator,
    unit,
    specimen,
    source_file,
    source_row
FROM step.measured
WHERE fate = 'read' AND loinc NOT IN ('29463-7', '8302-2', '883-9')
