-- One row per exposure to an immune globulin that was given, or may have been.
-- Only an end with an hour of its own, or the end as the source wrote it, is one: the model asks
-- for an end, so that starts are copied and days filled up. A lot number of 0 stands for none.
SELECT
    e.drug_exposure_id AS infusion_id,
    e.person_id AS patient_id,
    TOLD_AT(e.drug_exposure_start_datetime, e.drug_exposure_start_date) AS started_at,
    CASE
        WHEN
            e.drug_exposure_end_datetime != e.drug_exposure_start_datetime
            AND IS_OF_DAY(e.drug_exposure_start_datetime, e.drug_exposure_start_date)
            AND IS_OF_DAY(e.drug_exposure_end_datetime, e.drug_exposure_end_date)
            AND NOT REGEXP_MATCHES(
                e.drug_exposure_end_datetime, '[ T](00:00(:00(\.0+)?)?|23:59(:59(\.0+)?)?)$'
            )
            THEN e.drug_exposure_end_datetime
        ELSE LEFT(e.verbatim_end_date, 10)
    END AS ended_at,
    s.product_code,
    s.dose_g,
    s.volume_ml,
    CASE e.route_concept_id
        WHEN '4171047' THEN 'IV' -- Intravenous
        WHEN '4142048' THEN 'SC' -- Subcutaneous
        WHEN '4302612' THEN 'IM' -- Intramuscular
        ELSE COALESCE(route.concept_name, e.route_source_value)
    END AS route,
    NULLIF(TRIM(e.lot_number), '0') AS lot_number,
    e.stop_reason,
    CASE visit.visit_concept_id
        WHEN '9201' THEN 'inpatient' -- Inpatient Visit
        WHEN '262' THEN 'inpatient' -- Emergency Room and Inpatient Visit
        WHEN '581476' THEN 'home' -- Home Visit
    END AS care_setting,
    visit.care_site_id AS site_id,
    NULLIF(e.provider_id, '0') AS prescriber_id,
    e.source_file,
    e.source_row
FROM raw.drug_exposure AS e
INNER JOIN step.exposure AS s
    ON e.source_file = s.source_file AND e.source_row = s.source_row
LEFT JOIN step.coded AS route ON e.route_concept_id = route.concept_id
LEFT JOIN step.visit AS visit ON e.visit_occurrence_id = visit.visit_occurrence_id
WHERE s.is_given
