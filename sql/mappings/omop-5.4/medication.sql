-- One row per exposure to a medicine that is no immune globulin and no vaccine: given, dispensed,
-- ordered or listed.
SELECT
    e.person_id AS patient_id,
    s.code_system,
    s.code,
    TOLD_AT(e.drug_exposure_start_datetime, e.drug_exposure_start_date) AS started_at,
    TOLD_AT(e.drug_exposure_end_datetime, e.drug_exposure_end_date) AS ended_at,
    COALESCE(route.concept_name, e.route_source_value) AS route,
    e.source_file,
    e.source_row
FROM raw.drug_exposure AS e
INNER JOIN step.exposure AS s
    ON e.source_file = s.source_file AND e.source_row = s.source_row
LEFT JOIN step.coded AS route ON e.route_concept_id = route.concept_id
WHERE s.fate = 'other_medicine'
