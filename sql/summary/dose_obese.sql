-- One row per class of body mass (`obese other`, `unknown` without weight or height, `not_adult` of
-- children and of those whose age is unknown): closed courses begun in the period, and where all
-- three weights are known their middle values and the grams had the same grams per kg been ordered
-- by each. Obese: a body mass index of 30 or more, the WHO's class for adults (Technical Report
-- Series 894, 2000); the number is that of the list of risk factors.
WITH obesity AS (
    SELECT MIN(at_least) AS at_least
    FROM guideline.risk_factor
    WHERE risk_factor = 'obesity' AND sign = 'body_mass'
),

sized AS (
    SELECT
        c.patient_key,
        c.dose_g,
        c.actual_kg,
        c.ideal_kg,
        c.adjusted_kg,
        d.same_actual_g,
        d.same_ideal_g,
        d.same_adjusted_g,
        d.avoidable_g,
        (d.same_actual_g + d.same_ideal_g + d.same_adjusted_g) IS NOT NULL AS is_known,
        CASE
            WHEN (c.age_years >= p.adult_years) IS NOT TRUE THEN 'not_adult'
            WHEN c.actual_kg IS NULL OR w.height_cm IS NULL OR o.at_least IS NULL THEN 'unknown'
            -- multiplied, not divided: decimals then compare exactly at the limit
            WHEN c.actual_kg * 10000 >= o.at_least * w.height_cm * w.height_cm THEN 'obese'
            ELSE 'other'
        END AS body_mass
    FROM temp.dose_course AS c
    CROSS JOIN obesity AS o
    CROSS JOIN guideline.policy AS p
    INNER JOIN report.dose_weight AS d ON c.course_key = d.course_key
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    WHERE c.is_own
)

SELECT
    body_mass,
    COUNT(*) AS n_courses,
    COUNT(DISTINCT patient_key) AS n_patients,
    COUNT(*) - COUNT(dose_g) AS n_without_grams,
    SUM(dose_g) AS dose_g,
    COUNT(*) FILTER (WHERE is_known) AS n_known,
    QUANTILE_DISC(actual_kg, 0.5) FILTER (WHERE is_known) AS middle_actual_kg,
    QUANTILE_DISC(ideal_kg, 0.5) FILTER (WHERE is_known) AS middle_ideal_kg,
    QUANTILE_DISC(adjusted_kg, 0.5) FILTER (WHERE is_known) AS middle_adjusted_kg,
    SUM(dose_g) FILTER (WHERE is_known) AS known_dose_g,
    SUM(same_actual_g) FILTER (WHERE is_known) AS same_actual_g,
    SUM(same_ideal_g) FILTER (WHERE is_known) AS same_ideal_g,
    SUM(same_adjusted_g) FILTER (WHERE is_known) AS same_adjusted_g,
    SUM(avoidable_g) AS avoidable_g
FROM sized
GROUP BY body_mass
