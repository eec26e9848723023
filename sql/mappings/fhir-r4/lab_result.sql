-- One row per value of an Observation whose test is known by LOINC, weights and heights apart.
-- A preliminary result counts where it was left at that: it shows that the test was done.
SELECT
    m.patient_id,
    m.loinc AS test_code,
    m.observed_at AS collected_at,
    m.number AS value, -- the contract's name -- noqa: RF04
    m.words AS value_text,
    m.comparator,
    m.unit,
    m.specimen,
    m.source_file,
    m.source_row
FROM step.measured AS m
ANTI JOIN step.replaced AS r
    ON m.source_file = r.source_file AND m.source_row = r.source_row AND m.loinc = r.loinc
WHERE m.fate = 'read' AND m.loinc NOT IN ('29463-7', '8302-2', '883-9')
