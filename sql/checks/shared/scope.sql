-- One row per rule and indication it covers, and per kind and published set one row without a
-- rule for courses whose indication is unknown.
-- `is_versioned`: not dates alone, audit.course_version says for which courses it is in force.
-- A rule for `any` covers every indication found in the records, the unknown one too.
WITH seen AS (
    SELECT DISTINCT indication_code
    FROM derived.course
),

covered AS (
    SELECT
        rule_key,
        indication_code
    FROM guideline.rule_indication
    WHERE indication_code != 'any'
    UNION
    SELECT
        i.rule_key,
        s.indication_code
    FROM guideline.rule_indication AS i
    CROSS JOIN seen AS s
    WHERE i.indication_code = 'any'
),

superseded AS (
    SELECT DISTINCT supersedes AS rule_id
    FROM guideline.rule
    WHERE supersedes IS NOT NULL
),

rule AS (
    SELECT
        r.rule_key,
        r.set_key,
        r.kind,
        r.age_min_years,
        r.age_max_years,
        r.sex,
        r.valid_from,
        r.valid_to,
        CASE
            WHEN r.phase IN ('loading', 'induction') THEN 'loading'
            WHEN r.phase IN ('maintenance', 'repeat', 'trial') THEN 'maintenance'
        END AS course_phase,
        s.is_house,
        r.applies_to != 'all' OR r.supersedes IS NOT NULL OR o.rule_id IS NOT NULL AS is_versioned
    FROM guideline.rule AS r
    LEFT JOIN superseded AS o ON r.rule_id = o.rule_id
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
)

SELECT
    r.rule_key,
    r.set_key,
    r.kind,
    r.is_house,
    c.indication_code,
    r.age_min_years,
    r.age_max_years,
    r.sex,
    r.valid_from,
    r.valid_to,
    r.course_phase,
    r.is_versioned
FROM rule AS r
INNER JOIN covered AS c ON r.rule_key = c.rule_key
UNION ALL
SELECT DISTINCT
    NULL AS rule_key,
    r.set_key,
    r.kind,
    r.is_house,
    NULL AS indication_code,
    NULL AS age_min_years,
    NULL AS age_max_years,
    NULL AS sex,
    NULL AS valid_from,
    NULL AS valid_to,
    NULL AS course_phase,
    FALSE AS is_versioned
FROM rule AS r
INNER JOIN guideline.rule_indication AS i ON r.rule_key = i.rule_key
WHERE i.indication_code != 'any' AND NOT r.is_house
