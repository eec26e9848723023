-- One row per procedure, with the event it is, if a rule may ask about it, and what became of it.
-- An event is told by a word of the contract in procedure_source_value (audit.toml can put it
-- there), else by the name of the concept, read narrowly.
WITH described AS (
    SELECT
        p.source_file,
        p.source_row,
        p.procedure_source_value,
        LOWER(COALESCE(original.concept_name, standard.concept_name)) AS title,
        COALESCE(original.concept_code, standard.concept_code) AS code
    FROM raw.procedure_occurrence AS p
    LEFT JOIN step.coded AS standard ON p.procedure_concept_id = standard.concept_id
    LEFT JOIN step.coded AS original ON p.procedure_source_concept_id = original.concept_id
),

named AS (
    SELECT
        *,
        CASE
            WHEN
                procedure_source_value IN (
                    'plasma_exchange', 'transplant', 'symptom_onset', 'measles_exposure',
                    'transfusion', 'surgery', 'pregnancy_start', 'pregnancy_end',
                    'hypersensitivity', 'last_contact'
                )
                THEN procedure_source_value
            WHEN REGEXP_MATCHES(title, 'history|education|counsel|evaluation|donor|preparation')
                THEN NULL
            WHEN REGEXP_MATCHES(title, 'plasma exchange|plasmapheresis') THEN 'plasma_exchange'
            WHEN
                REGEXP_MATCHES(title, 'transfusion')
                AND REGEXP_MATCHES(title, 'packed|red (blood )?cell|erythrocyte|whole blood')
                THEN 'transfusion'
            WHEN
                REGEXP_MATCHES(title, '(trans|allotrans)plant(ation)? of (kidney|heart|liver|lung)')
                OR REGEXP_MATCHES(title, '^(kidney|renal|heart|cardiac|liver|lung) transplant')
                THEN 'transplant'
        END AS event_code
    FROM described
)

SELECT
    source_file,
    source_row,
    COALESCE(procedure_source_value, code) AS shown_code,
    CASE WHEN event_code IS NULL THEN 'other_procedure' ELSE 'event' END AS fate,
    event_code
FROM named
