-- One row per measurement with a LOINC code and a value that is no body size.
SELECT
    m.person_id AS patient_id,
    s.test_code,
    COALESCE(
        REGEXP_REPLACE(m.measurement_datetime, '[ T]00:00(:00(\.0+)?)?$', ''),
        LEFT(m.measurement_date, 10)
    ) AS collected_at,
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
