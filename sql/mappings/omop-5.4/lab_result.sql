-- One row per measurement with a LOINC code and a value that is no body size.
SELECT
    m.person_id AS patient_id,
    s.test_code,
    TOLD_AT(m.measurement_datetime, m.measurement_date) AS collected_at,
    s.value,
    s.value_text,
    s.comparator,
    s.unit,
    m.source_file,
    m.source_row
FROM raw.measurement AS m
INNER JOIN step.measured AS s
    ON m.source_file = s.source_file AND m.source_row = s.source_row
WHERE s.fate = 'lab_result'
