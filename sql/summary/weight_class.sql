-- One row per ten kilograms† and one for all (`is_total`): patients given immunoglobulin in the
-- period by the actual weight known at the beginning of the first course they were given something
-- of, and their grams. NULL: no weight known. The last class holds all from 150 kg on. `n_stale`:
-- of the patients of a class those whose weight was too old to judge by, `n_minor`: those under the
-- age of an adult†.
WITH weighed AS (
    SELECT
        u.grams,
        w.is_stale,
        c.age_years < ours.adult_years AS is_minor,
        CASE
            WHEN w.actual_kg >= 150 THEN 150
            WHEN w.actual_kg < 150 THEN CAST(FLOOR(w.actual_kg / 10) AS INTEGER) * 10
        END AS from_kg
    FROM temp.patient_use AS u
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN derived.course_weight AS w ON u.first_course_key = w.course_key
    LEFT JOIN derived.course AS c ON u.first_course_key = c.course_key
)

SELECT
    from_kg,
    GROUPING(from_kg) = 1 AS is_total,
    COUNT(*) AS n_patients,
    SUM(grams) AS grams,
    COUNT(*) FILTER (WHERE is_stale) AS n_stale,
    COUNT(*) FILTER (WHERE is_minor) AS n_minor
FROM weighed
GROUP BY GROUPING SETS ((from_kg), ())
HAVING COUNT(*) > 0
