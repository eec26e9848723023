-- One row per infusion that counts as IVIG and began in the period, with the indication of its
-- course and, of a course begun in the period, its profile and the age on its first day, in groups
-- whose limits are our own†.
-- A session and a course bear the key of their first infusion, so that one marks each.
-- A working table: the chapters on grams read it, and it is dropped when they are made.
WITH earlier AS (
    -- most reports have none; a course of the period stands in course_profile
    SELECT
        c.course_key,
        c.indication_code
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    WHERE c.started_on < p.from_on
)

SELECT
    i.infusion_key,
    i.authorisation_key,
    i.site_id,
    i.patient_key,
    i.course_key,
    i.infusion_key = i.session_key AS is_session_start,
    i.infusion_key = i.course_key AS is_course_start,
    i.started_on,
    i.dose_g,
    i.product_id,
    IF(c.course_key IS NULL, e.indication_code, c.indication_code) AS indication_code,
    c.profile_key,
    c.is_open,
    CASE
        WHEN c.age_years IS NULL THEN NULL
        WHEN c.age_years < 18 THEN 0
        WHEN c.age_years < 40 THEN 18
        WHEN c.age_years < 65 THEN 40
        WHEN c.age_years < 80 THEN 65
        ELSE 80
    END AS age_from_years
FROM derived.infusion AS i
CROSS JOIN report.period AS p
LEFT JOIN report.course_profile AS c ON i.course_key = c.course_key
LEFT JOIN earlier AS e ON i.course_key = e.course_key
WHERE
    -- in one, for the planner takes each further condition for a fifth
    (
        i.exclusion IS NULL
        AND i.started_on >= p.from_on
        AND i.started_on <= p.to_on
    ) IS TRUE
