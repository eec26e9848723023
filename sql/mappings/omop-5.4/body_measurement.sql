-- One row per weight or height.
SELECT
    m.person_id AS patient_id,
    COALESCE(
        REGEXP_REPLACE(m.measurement_datetime, '[ T]00:00(:00(\.0+)?)?$', ''),
        LEFT(m.measurement_date, 10)
    ) AS measured_at,
    s.weight_kg,
    s.height_cm,
    m.source_file,
    m.source_row
FROM raw.measurement AS m
INNER JOIN step.measured AS s
    ON m.source_file = s.source_file AND m.source_row = s.source_row
WHERE s.fate = 'body_size'
