-- One row per infusion that counts as IVIG and began in the period.
-- A session and a course bear the key of their first infusion, so that one marks each.
-- A working table: the chapters on grams read it, and it is dropped when they are made.
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
    c.indication_code
FROM derived.infusion AS i
CROSS JOIN report.period AS p
LEFT JOIN derived.course AS c ON i.course_key = c.course_key
WHERE
    -- in one, for the planner takes each further condition for a fifth
    (
        i.exclusion IS NULL
        AND i.started_on >= p.from_on
        AND i.started_on <= p.to_on
    ) IS TRUE
