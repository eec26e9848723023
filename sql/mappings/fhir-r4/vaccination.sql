-- One row per Immunization that was given, by its CVX code.
SELECT
    patient_id,
    vaccine_code,
    given_on,
    source_file,
    source_row
FROM step.vaccinated
WHERE fate = 'read'
