-- One row per exposure to an immune globulin that says it was dispensed.
-- Without grams it goes to quarantine, as in every other source.
SELECT
    e.drug_exposure_id AS dispensing_id,
    e.person_id AS patient_id,
    TOLD_AT(e.drug_exposure_start_datetime, e.drug_exposure_start_date) AS dispensed_at,
    s.product_code,
    s.dose_g,
    CASE e.route_concept_id
        WHEN '4171047' THEN 'IV' -- Intravenous
        WHEN '4142048' THEN 'SC' -- Subcutaneous
        WHEN '4302612' THEN 'IM' -- Intramuscular
        ELSE COALESCE(route.concept_name, e.route_source_value)
    END AS route,
    NULLIF(TRIM(e.lot_number), '0') AS lot_number,
    NULLIF(e.provider_id, '0') AS prescriber_id,
    visit.care_site_id AS site_id,
    e.source_file,
    e.source_row
FROM raw.drug_exposure AS e
INNER JOIN step.exposure AS s
    ON e.source_file = s.source_file AND e.source_row = s.source_row
LEFT JOIN step.coded AS route ON e.route_concept_id = route.concept_id
LEFT JOIN step.visit AS visit ON e.visit_occurrence_id = visit.visit_occurrence_id
WHERE s.is_issued
