-- One row per condition, with the code it is read by and what became of it.
-- The code the source wrote counts before the standard one, for rules ask in ICD. Without the table
-- `concept` the source's vocabulary is known only when audit.toml says it.
WITH described AS (
    SELECT
        c.source_file,
        c.source_row,
        c.condition_source_value,
        CASE
            WHEN original.vocabulary_id IN ('ICD10CM', 'ICD10', 'ICD9CM')
                THEN original.vocabulary_id
            WHEN c.source_vocabulary_id IS NOT NULL AND c.condition_source_value IS NOT NULL
                THEN c.source_vocabulary_id
            WHEN original.vocabulary_id = 'SNOMED' THEN 'SNOMED'
            WHEN standard.vocabulary_id = 'SNOMED' THEN 'SNOMED'
        END AS code_system,
        CASE
            WHEN original.vocabulary_id IN ('ICD10CM', 'ICD10', 'ICD9CM') THEN original.concept_code
            WHEN c.source_vocabulary_id IS NOT NULL AND c.condition_source_value IS NOT NULL
                THEN c.condition_source_value
            WHEN original.vocabulary_id = 'SNOMED' THEN original.concept_code
            WHEN standard.vocabulary_id = 'SNOMED' THEN standard.concept_code
        END AS code,
        CASE
            WHEN c.condition_status_concept_id = '32902' THEN 'principal' -- Primary diagnosis
            WHEN c.condition_status_concept_id = '32908' THEN 'secondary' -- Secondary diagnosis
        END AS position -- the contract's name -- noqa: RF04
    FROM raw.condition_occurrence AS c
    LEFT JOIN step.coded AS standard ON c.condition_concept_id = standard.concept_id
    LEFT JOIN step.coded AS original ON c.condition_source_concept_id = original.concept_id
)

SELECT
    source_file,
    source_row,
    COALESCE(code, condition_source_value) AS shown_code,
    CASE WHEN code IS NULL THEN 'diagnosis_uncoded' ELSE 'diagnosis' END AS fate,
    code_system,
    code,
    position
FROM described
