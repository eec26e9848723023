-- One row per procedure that is an event a rule may ask about.
SELECT
    p.person_id AS patient_id,
    s.event_code,
    TOLD_AT(p.procedure_datetime, p.procedure_date) AS occurred_at,
    p.source_file,
    p.source_row
FROM raw.procedure_occurrence AS p
INNER JOIN step.procedure AS s
    ON p.source_file = s.source_file AND p.source_row = s.source_row
WHERE s.fate = 'event'
