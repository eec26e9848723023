-- One row per person of the model. Of several deaths the first counts.
WITH died AS (
    SELECT
        person_id,
        MIN(LEFT(death_date, 10)) AS deceased_on
    FROM raw.death
    GROUP BY person_id
)

SELECT
    p.person_id AS patient_id,
    CASE
        WHEN p.month_of_birth IS NOT NULL AND p.day_of_birth IS NOT NULL
            THEN
                CONCAT_WS(
                    '-', p.year_of_birth, LPAD(p.month_of_birth, 2, '0'),
                    LPAD(p.day_of_birth, 2, '0')
                )
    END AS birth_date,
    p.year_of_birth AS birth_year,
    CASE
        WHEN p.gender_concept_id = '8507' THEN 'M'
        WHEN p.gender_concept_id = '8532' THEN 'F'
        WHEN p.gender_concept_id = '8521' THEN 'X'
        WHEN UPPER(p.gender_source_value) IN ('M', 'MALE') THEN 'M'
        WHEN UPPER(p.gender_source_value) IN ('F', 'FEMALE') THEN 'F'
        ELSE 'U'
    END AS sex,
    d.deceased_on,
    p.source_file,
    p.source_row
FROM raw.person AS p
LEFT JOIN died AS d ON p.person_id = d.person_id
