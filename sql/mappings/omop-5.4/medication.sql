-- One row per exposure to a medicine that is no immune globulin and no vaccine: given, dispensed,
-- ordered or listed.
SELECT
    e.person_id AS patient_id,
    s.code_system,
    s.code,
    COALESCE(
        REGEXP_REPLACE(e.drug_exposure_start_datetime, '[ T]00:00(:00(\.0+)?)?$', ''),
        LEFT(e.drug_exposure_start_date, 10)
    ) AS started_at,
    COALESCE(
        REGEXP_REPLACE(e.drug_exposure_end_datetime, '[ T]00:00(:00(\.0+)?)?$', ''),
        LEFT(e.drug_exposure_end_date, 10)
    ) AS ended_at,
    COALESCE(route.concept_name, e.route_source_value) AS route,
    e.source_file,
    e.source_row
FROM raw.drug_exposure AS e
INNER JOIN step.exposure AS s
    ON e.source_file = s.source_file AND e.source_row = s.source_row
LEFT JOIN step.coded AS route ON e.route_concept_id = route.concept_id
WHERE s.fate = 'other_medicine'
