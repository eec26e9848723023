-- One row per condition with a code. The day it starts is the day it was recorded: when the disease
-- began, and whether it was there on admission, the model does not say.
SELECT
    c.person_id AS patient_id,
    s.code_system,
    s.code,
    LEFT(c.condition_start_date, 10) AS recorded_on,
    NULLIF(c.visit_occurrence_id, '0') AS encounter_id,
    s.position,
    c.source_file,
    c.source_row
FROM raw.condition_occurrence AS c
INNER JOIN step.condition AS s
    ON c.source_file = s.source_file AND c.source_row = s.source_row
WHERE s.fate = 'diagnosis'
