-- One row per concept that some row of the other tables names.
-- The table `concept` may hold millions; nothing is known of concept 0, which stands for none.
WITH named AS (
    SELECT drug_concept_id AS concept_id FROM raw.drug_exposure
    UNION
    SELECT drug_source_concept_id AS concept_id FROM raw.drug_exposure
    UNION
    SELECT route_concept_id AS concept_id FROM raw.drug_exposure
    UNION
    SELECT measurement_concept_id AS concept_id FROM raw.measurement
    UNION
    SELECT measurement_source_concept_id AS concept_id FROM raw.measurement
    UNION
    SELECT unit_concept_id AS concept_id FROM raw.measurement
    UNION
    SELECT value_as_concept_id AS concept_id FROM raw.measurement
    UNION
    SELECT condition_concept_id AS concept_id FROM raw.condition_occurrence
    UNION
    SELECT condition_source_concept_id AS concept_id FROM raw.condition_occurrence
    UNION
    SELECT procedure_concept_id AS concept_id FROM raw.procedure_occurrence
    UNION
    SELECT procedure_source_concept_id AS concept_id FROM raw.procedure_occurrence
)

SELECT
    c.concept_id,
    c.concept_name,
    c.vocabulary_id,
    c.concept_code
FROM raw.concept AS c
SEMI JOIN named AS n ON c.concept_id = n.concept_id
WHERE c.concept_id != '0'
QUALIFY
    ROW_NUMBER() OVER (
        PARTITION BY c.concept_id ORDER BY c.source_file ASC, c.source_row ASC
    ) = 1
