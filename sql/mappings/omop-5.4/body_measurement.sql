-- One row per weight or height.
SELECT
    m.person_id AS patient_id,
    TOLD_AT(m.measurement_datetime, m.measurement_date) AS measured_at,
    s.weight_kg,
    s.height_cm,
    m.source_file,
    m.source_row
FROM raw.measurement AS m
INNER JOIN step.measured AS s
    ON m.source_file = s.source_file AND m.source_row = s.source_row
WHERE s.fate = 'body_size'
