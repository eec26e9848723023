-- One row per row of every table of the model that is read: its code, what became of it, its grams.
WITH somebody AS (
    SELECT DISTINCT person_id
    FROM raw.person
)

SELECT
    source_file,
    source_row,
    NULL AS code,
    'patient' AS fate,
    NULL AS grams
FROM raw.person
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    fate,
    dose_g AS grams
FROM step.exposure
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    fate,
    NULL AS grams
FROM step.measured
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    fate,
    NULL AS grams
FROM step.condition
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    fate,
    NULL AS grams
FROM step.procedure
UNION ALL
SELECT
    source_file,
    source_row,
    visit_concept_id AS code,
    'encounter' AS fate,
    NULL AS grams
FROM raw.visit_occurrence
UNION ALL
SELECT
    d.source_file,
    d.source_row,
    NULL AS code,
    CASE WHEN p.person_id IS NULL THEN 'death_of_nobody' ELSE 'death' END AS fate,
    NULL AS grams
FROM raw.death AS d
LEFT JOIN somebody AS p ON d.person_id = p.person_id
UNION ALL
SELECT
    source_file,
    source_row,
    NULL AS code,
    'looked_up' AS fate,
    NULL AS grams
FROM raw.drug_strength
UNION ALL
SELECT
    source_file,
    source_row,
    NULL AS code,
    'looked_up' AS fate,
    NULL AS grams
FROM raw.concept
