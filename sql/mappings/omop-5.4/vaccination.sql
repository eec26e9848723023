-- One row per exposure to a vaccine, known by its CVX code.
SELECT
    e.person_id AS patient_id,
    s.vaccine_code,
    LEFT(e.drug_exposure_start_date, 10) AS given_on,
    e.source_file,
    e.source_row
FROM raw.drug_exposure AS e
INNER JOIN step.exposure AS s
    ON e.source_file = s.source_file AND e.source_row = s.source_row
WHERE s.fate = 'vaccine'
