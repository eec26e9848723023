-- One row per order of MIMIC-III (PRESCRIPTIONS) that is no immune globulin.
-- The source gives days; the last day is the day on which the order ends.
SELECT
    p.subject_id AS patient_id,
    'NAME' AS code_system,
    p.drug AS code,
    LEFT(p.startdate, 10) AS started_at,
    LEFT(p.enddate, 10) AS ended_at,
    p.route,
    p.source_file,
    p.source_row
FROM raw.prescriptions AS p
LEFT JOIN mapped.infusion AS i
    ON p.source_file = i.source_file AND p.source_row = i.source_row
WHERE i.infusion_id IS NULL
