-- One row per named guideline set and profile of courses: the outcome once such a course is closed,
-- and what the set says of its use and dose.
-- Only verdicts that count (is_countable) and apply decide the outcome; our own set never does.
-- off: at least one off-guideline breach. within: every rule that applies was assessed.
-- unassessed: at least one could not be. no_rule: none applies.
-- The answer is the gravest of the set's verdicts on use, dose and numbers of courses, also of
-- those that never accuse, so that sets can be laid side by side; silent: none applies.
WITH profile AS (
    SELECT DISTINCT profile_key
    FROM report.course_profile
),

counted AS (
    SELECT
        v.set_key,
        v.course_key AS profile_key,
        v.rule_key,
        v.status,
        v.is_countable,
        v.status = 'breached' AND v.severity = 'off_guideline' AND v.is_countable AS is_off,
        v.status = 'breached' AND v.cap = 'higher_authority_met' AND v.is_countable AS is_excused,
        v.status = 'not_assessable' AND v.reason = 'condition_unknown' AS is_condition_unknown,
        CASE
            WHEN v.kind NOT IN ('indication', 'regimen', 'limit') THEN NULL
            WHEN v.status = 'breached' AND v.severity = 'off_guideline' THEN 1
            WHEN v.status = 'breached' AND v.severity = 'review' THEN 2
            WHEN v.status = 'breached' THEN 3
            WHEN v.status = 'not_assessable' THEN 4
            ELSE 5
        END AS answer_rank,
        -- where several rules say so, the dose goes before the use
        CASE v.kind WHEN 'regimen' THEN 1 WHEN 'limit' THEN 2 ELSE 3 END AS kind_rank
    FROM audit.verdict AS v
    INNER JOIN profile AS p ON v.course_key = p.profile_key
    WHERE v.status <> 'not_applicable' AND (v.subject_kind = 'course' OR v.is_countable)
),

judged AS (
    SELECT
        set_key,
        profile_key,
        COUNT(*) FILTER (WHERE is_countable) AS n_countable,
        COUNT(*) FILTER (WHERE is_countable AND status <> 'not_assessable') AS n_assessed,
        BOOL_OR(is_off) AS is_off,
        BOOL_OR(is_excused) AS is_excused,
        BOOL_OR(is_condition_unknown) AS is_condition_unknown,
        MIN(answer_rank) AS answer_rank,
        -- rules are numbered from 1, so 0 is no rule
        MIN(
            (answer_rank * 10 + kind_rank) * 1000000 + IF(rule_key IS NULL, 0, rule_key)
        ) % 1000000 AS decider
    FROM counted
    GROUP BY set_key, profile_key
)

SELECT
    g.set_key,
    p.profile_key,
    CASE
        WHEN j.n_countable IS NULL OR j.n_countable = 0 THEN 'no_rule'
        WHEN j.is_off THEN 'off'
        WHEN j.n_assessed = j.n_countable THEN 'within'
        ELSE 'unassessed'
    END AS outcome,
    j.n_assessed IS NOT NULL AND j.n_assessed > 0 AS is_assessed_at_all,
    j.is_excused IS TRUE AND NOT j.is_off AS is_excused,
    j.is_condition_unknown IS TRUE AS is_condition_unknown,
    CASE j.answer_rank
        WHEN 1 THEN 'off_guideline'
        WHEN 2 THEN 'review'
        WHEN 3 THEN 'advisory'
        WHEN 4 THEN 'not_assessable'
        WHEN 5 THEN 'met'
        ELSE 'silent'
    END AS answer,
    NULLIF(j.decider, 0) AS rule_key
FROM profile AS p
CROSS JOIN guideline.guideline_set AS g
LEFT JOIN judged AS j ON p.profile_key = j.profile_key AND g.set_key = j.set_key
WHERE NOT g.is_house
