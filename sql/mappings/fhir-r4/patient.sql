-- One row per Patient.
-- A day of birth told to the year or the month only is a year of birth. The blood group is that of
-- the ABO observations (LOINC 883-9), when they agree.
WITH grouped AS (
    SELECT
        patient_id,
        MIN(blood_group) AS blood_group
    FROM step.measured
    WHERE blood_group IS NOT NULL
    GROUP BY patient_id
    HAVING MIN(blood_group) = MAX(blood_group)
),

flagged AS (
    SELECT
        patient_id,
        MIN(is_iga_deficient) AS is_iga_deficient,
        MIN(has_anti_iga) AS has_anti_iga
    FROM raw.patient_flag
    GROUP BY patient_id
    HAVING COUNT(*) = 1
)

SELECT
    r.id AS patient_id,
    CASE WHEN WHOLE_DAY(r.birthdate) IS NOT NULL THEN r.birthdate END AS birth_date,
    CASE WHEN WHOLE_DAY(r.birthdate) IS NULL THEN LEFT(r.birthdate, 4) END AS birth_year,
    CASE r.gender
        WHEN 'female' THEN 'F'
        WHEN 'male' THEN 'M'
        WHEN 'other' THEN 'X'
        WHEN 'unknown' THEN 'U'
        ELSE r.gender
    END AS sex,
    g.blood_group,
    f.is_iga_deficient,
    f.has_anti_iga,
    WHOLE_DAY(r.deceaseddatetime) AS deceased_on,
    r.meta.lastupdated AS recorded_at,
    r.source_file,
    r.source_row
FROM raw.patient AS r
LEFT JOIN grouped AS g ON r.id = g.patient_id
LEFT JOIN flagged AS f ON r.id = f.patient_id
WHERE NOT r.has_modifier
