-- One row per vaccination after which immunoglobulin began soon: the first such course, and what
-- of the vaccine's components neither a later dose nor a test for antibodies has answered (`open`,
-- NULL where all are). Antibodies in the first months are the donors'. That nothing was found
-- counts only where doses and tests would have been seen.
WITH follower AS (
    SELECT * FROM audit.vaccine_course
    WHERE started_on > given_on
    QUALIFY ROW_NUMBER() OVER (
        PARTITION BY rule_key, vaccination_key
        ORDER BY started_on, course_key
    ) = 1
),

part AS (
    SELECT
        f.rule_key,
        f.vaccination_key,
        a.patient_key,
        f.last_on,
        UNNEST(a.components) AS component,
        CAST(
            f.last_on + TO_MONTHS(COALESCE(v.test_after_months, f.min_months)) AS DATE
        ) AS test_from_on
    FROM follower AS f
    INNER JOIN audit.vaccine_asked AS a
        ON f.rule_key = a.rule_key AND f.vaccination_key = a.vaccination_key
    INNER JOIN guideline.vaccine_interval AS v ON f.rule_key = v.rule_key
),

answered AS (
    SELECT
        p.rule_key,
        p.vaccination_key,
        p.component
    FROM part AS p
    INNER JOIN audit.vaccine_given AS g
        ON p.patient_key = g.patient_key AND p.last_on < g.given_on
    WHERE g.reading = 'live' AND LIST_CONTAINS(g.components, p.component)
    UNION
    SELECT
        p.rule_key,
        p.vaccination_key,
        p.component
    FROM part AS p
    INNER JOIN guideline.immunity_test AS t ON p.component = t.component
    INNER JOIN staged.lab_result AS l
        ON
            p.patient_key = l.patient_key
            AND t.test_code = l.test_code
            AND p.test_from_on <= l.collected_on
),

unanswered AS (
    SELECT
        p.rule_key,
        p.vaccination_key,
        STRING_AGG(p.component, ' and ' ORDER BY p.component) AS components
    FROM part AS p
    ANTI JOIN answered AS a
        ON
            p.rule_key = a.rule_key
            AND p.vaccination_key = a.vaccination_key
            AND p.component = a.component
    GROUP BY p.rule_key, p.vaccination_key
),

seen AS (
    -- doses and tests of those days are recorded, and the patient has another test
    SELECT
        f.rule_key,
        f.vaccination_key
    FROM follower AS f
    INNER JOIN staged.coverage AS c
        ON
            f.given_on >= c.from_on
            AND f.last_on <= c.to_on
            AND (c.site_id IS NULL OR f.site_id = c.site_id)
    INNER JOIN derived.course AS o ON f.course_key = o.course_key
    SEMI JOIN staged.lab_result AS l
        ON o.patient_key = l.patient_key AND f.given_on < l.collected_on
    WHERE c.record IN ('vaccination', 'lab_result')
    GROUP BY f.rule_key, f.vaccination_key
    HAVING COUNT(DISTINCT c.record) = 2
)

SELECT
    f.rule_key,
    f.vaccination_key,
    f.course_key,
    f.started_on,
    f.started_on - f.given_on AS after_days,
    v.days_before_immunoglobulin,
    u.components AS open_components,
    CASE
        WHEN u.components IS NULL THEN NULL
        WHEN 'lab_result' NOT IN (SELECT s.record FROM audit.record_supplied AS s)
            THEN 'table_not_supplied'
        WHEN n.rule_key IS NULL THEN 'outside_coverage'
    END AS doubt
FROM follower AS f
INNER JOIN guideline.vaccine_interval AS v ON f.rule_key = v.rule_key
LEFT JOIN unanswered AS u ON f.rule_key = u.rule_key AND f.vaccination_key = u.vaccination_key
LEFT JOIN seen AS n ON f.rule_key = n.rule_key AND f.vaccination_key = n.vaccination_key
