-- One row per visit. Midnight stands for an hour that is not known.
SELECT
    visit_occurrence_id AS encounter_id,
    person_id AS patient_id,
    TOLD_AT(visit_start_datetime, visit_start_date) AS started_at,
    TOLD_AT(visit_end_datetime, visit_end_date) AS ended_at,
    CASE visit_concept_id
        WHEN '9201' THEN 'inpatient' -- Inpatient Visit
        WHEN '262' THEN 'inpatient' -- Emergency Room and Inpatient Visit
        WHEN '9203' THEN 'emergency' -- Emergency Room Visit
        WHEN '9202' THEN 'outpatient' -- Outpatient Visit
        WHEN '581476' THEN 'home' -- Home Visit
    END AS kind,
    care_site_id AS site_id,
    source_file,
    source_row
FROM raw.visit_occurrence
