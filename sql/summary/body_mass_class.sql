-- One row per class of body mass (kg/m², steps of five†) of adults, one per reason why it is not
-- told (`no_weight`, `no_height`, `minor`: the classes are made for adults, `no_age`), and one for
-- all (`is_total`): patients given immunoglobulin in the period and their grams. Weight and height
-- as known at the beginning of the first course they were given something of. The first class
-- holds all below 20, the last all from 40 on.
WITH sized AS (
    SELECT
        u.grams,
        CASE
            WHEN c.age_years IS NULL THEN 'no_age'
            WHEN c.age_years < ours.adult_years THEN 'minor'
            WHEN w.actual_kg IS NULL THEN 'no_weight'
            WHEN w.height_cm IS NULL THEN 'no_height'
        END AS reason,
        -- multiplied, not divided: decimals then compare exactly at a limit
        w.actual_kg * 10000 AS weight,
        w.height_cm * w.height_cm AS square
    FROM temp.patient_use AS u
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN derived.course_weight AS w ON u.first_course_key = w.course_key
    LEFT JOIN derived.course AS c ON u.first_course_key = c.course_key
),

classed AS (
    SELECT
        grams,
        reason,
        CASE
            WHEN reason IS NOT NULL THEN NULL
            WHEN weight < 20 * square THEN 0
            WHEN weight < 25 * square THEN 20
            WHEN weight < 30 * square THEN 25
            WHEN weight < 35 * square THEN 30
            WHEN weight < 40 * square THEN 35
            WHEN weight >= 40 * square THEN 40
        END AS from_kg_per_m2
    FROM sized
)

SELECT
    from_kg_per_m2,
    reason,
    GROUPING(reason) = 1 AS is_total,
    COUNT(*) AS n_patients,
    SUM(grams) AS grams
FROM classed
GROUP BY GROUPING SETS ((from_kg_per_m2, reason), ())
HAVING COUNT(*) > 0
