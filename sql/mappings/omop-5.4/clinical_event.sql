-- One row per procedure that is an event a rule may ask about.
SELECT
    p.person_id AS patient_id,
    s.event_code,
    COALESCE(
        REGEXP_REPLACE(p.procedure_datetime, '[ T]00:00(:00(\.0+)?)?$', ''),
        LEFT(p.procedure_date, 10)
    ) AS occurred_at,
    p.source_file,
    p.source_row
FROM raw.procedure_occurrence AS p
INNER JOIN step.procedure AS s
    ON p.source_file = s.source_file AND p.source_row = s.source_row
WHERE s.fate = 'event'
