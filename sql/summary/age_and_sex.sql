-- One row per ten years of age and one for all (`is_total`): patients given immunoglobulin in the
-- period and their grams, by sex (`other`: recorded as neither). Age in completed years on the day
-- of the first infusion in the period; a birth year alone counts from its middle. NULL: unknown, as
-- is an age below 0. Patients whose infusions all lack grams are counted and add none.
WITH born AS (
    SELECT
        u.grams,
        COALESCE(p.sex, 'U') AS sex,
        DATE_SUB('year', COALESCE(p.birth_date, MAKE_DATE(p.birth_year, 7, 1)), u.first_on)
            AS age_years,
        COALESCE(p.birth_date, MAKE_DATE(p.birth_year, 7, 1)) <= u.first_on AS is_born
    FROM temp.patient_use AS u
    LEFT JOIN staged.patient AS p ON u.patient_key = p.patient_key
),

aged AS (
    SELECT
        grams,
        sex,
        CASE WHEN is_born THEN LEAST(age_years // 10 * 10, 90) END AS age_from_years
    FROM born
)

SELECT
    CAST(age_from_years AS INTEGER) AS age_from_years,
    GROUPING(age_from_years) = 1 AS is_total,
    COUNT(*) AS n_patients,
    SUM(grams) AS grams,
    COUNT(*) FILTER (WHERE sex = 'F') AS n_female,
    SUM(grams) FILTER (WHERE sex = 'F') AS female_g,
    COUNT(*) FILTER (WHERE sex = 'M') AS n_male,
    SUM(grams) FILTER (WHERE sex = 'M') AS male_g,
    COUNT(*) FILTER (WHERE sex = 'X') AS n_other,
    SUM(grams) FILTER (WHERE sex = 'X') AS other_g,
    COUNT(*) FILTER (WHERE sex = 'U') AS n_unknown,
    SUM(grams) FILTER (WHERE sex = 'U') AS unknown_g
FROM aged
GROUP BY GROUPING SETS ((age_from_years), ())
HAVING COUNT(*) > 0
