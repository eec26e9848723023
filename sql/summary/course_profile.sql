-- One row per course begun in the period, with its profile: courses with one profile were told
-- the same by every rule that decides an outcome. The key is that of the first such course.
-- Sets times courses would be many rows; what holds for a profile holds for each of its courses.
WITH said AS (
    -- one number per answer; a rule that asks about every session counts each answer once
    SELECT
        course_key,
        HASH(
            set_key, rule_key, kind, status, severity, is_countable,
            reason = 'condition_unknown', cap = 'higher_authority_met'
        ) AS answer
    FROM audit.verdict
    WHERE
        status <> 'not_applicable'
        AND subject_kind = 'course'
        AND (
            is_countable
            OR kind IN ('indication', 'regimen', 'limit')
            OR reason = 'condition_unknown'
        )
    UNION ALL
    SELECT DISTINCT
        course_key,
        HASH(
            set_key, rule_key, kind, status, severity, is_countable,
            reason = 'condition_unknown', cap = 'higher_authority_met'
        ) AS answer
    FROM audit.verdict
    WHERE status <> 'not_applicable' AND subject_kind <> 'course' AND is_countable
),

told AS (
    -- the sum of 64-bit numbers: that two different lists of answers share it will not happen
    SELECT
        course_key,
        SUM(answer) AS answers
    FROM said
    GROUP BY course_key
),

course AS MATERIALIZED (
    SELECT
        c.course_key,
        c.patient_key,
        c.indication_code,
        c.known_dose_g,
        c.is_open,
        c.age_years,
        t.answers
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    LEFT JOIN told AS t ON c.course_key = t.course_key
    -- in one, for the planner takes each further condition for a fifth
    WHERE (c.started_on >= p.from_on AND c.started_on <= p.to_on) IS TRUE
),

profile AS (
    SELECT
        answers,
        MIN(course_key) AS profile_key
    FROM course
    GROUP BY answers
)

SELECT
    c.course_key,
    c.patient_key,
    c.indication_code,
    c.known_dose_g,
    c.is_open,
    c.age_years,
    p.profile_key
FROM course AS c
INNER JOIN profile AS p ON c.answers IS NOT DISTINCT FROM p.answers
