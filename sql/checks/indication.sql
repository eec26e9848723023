-- One row per set and course: is the indication among the uses the set names?
-- Silence is not prohibition: only a set that calls its list exhaustive makes a use it does not
-- name a breach, and then a human looks. Our own house set asks whether the indication is known.
WITH stated AS (
    SELECT
        a.set_key,
        a.rule_key,
        a.course_key,
        a.patient_key,
        -- where several rules name a use, a prohibition comes first, then the plainest permission
        CASE
            WHEN a.reason = 'no_indication' THEN 0
            WHEN a.reason = 'other_phase' THEN 8
            WHEN a.reason = 'product_unknown' THEN 7
            WHEN a.reason = 'version_unknown' THEN 6
            WHEN a.reason = 'population_unknown' THEN 5
            WHEN u.use = 'do_not_use' THEN 1
            WHEN u.use = 'named' THEN 2
            WHEN u.use = 'recorded' THEN 3
            WHEN u.use = 'named_if' THEN 4
        END AS preference,
        c.indication_code IS NOT NULL AS is_known
    FROM audit.applicable AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    LEFT JOIN guideline.named_use AS u
        ON
            a.rule_key = u.rule_key
            AND u.indication_code IN (c.indication_code, 'any')
    WHERE a.kind = 'indication'
    UNION ALL
    -- a list that is exhaustive has something to say of every course; this comes last
    SELECT
        s.set_key,
        NULL AS rule_key,
        c.course_key,
        c.patient_key,
        9 AS preference,
        TRUE AS is_known
    FROM guideline.guideline_set AS s
    CROSS JOIN derived.course AS c
    WHERE s.is_exhaustive AND NOT s.is_house AND c.is_in_period AND c.indication_code IS NOT NULL
),

chosen AS (
    SELECT
        set_key,
        course_key,
        MAX(patient_key) AS patient_key,
        BOOL_OR(is_known) AS is_known,
        -- rules are numbered from 1, so 0 is no rule
        MIN(preference * 100000 + IF(rule_key IS NULL, 0, rule_key)) AS choice
    FROM stated
    GROUP BY set_key, course_key
),

listed AS (
    -- the rule that stands for a set's whole list
    SELECT
        set_key,
        MIN(rule_key) AS first_rule_key
    FROM guideline.rule
    WHERE kind = 'indication'
    GROUP BY set_key
),

judged AS (
    SELECT
        c.set_key,
        c.course_key,
        c.patient_key,
        c.choice // 100000 AS preference,
        CASE
            WHEN c.choice % 100000 > 0 THEN c.choice % 100000
            WHEN c.choice // 100000 = 9 THEN l.first_rule_key
        END AS rule_key,
        c.is_known
    FROM chosen AS c
    INNER JOIN listed AS l ON c.set_key = l.set_key
)

SELECT
    j.rule_key,
    j.set_key,
    'course' AS subject_kind,
    j.course_key AS subject_key,
    j.course_key,
    j.patient_key,
    CASE j.preference
        WHEN 1 THEN 'breached'
        WHEN 2 THEN 'met'
        WHEN 3 THEN CASE WHEN j.is_known THEN 'met' ELSE 'breached' END
        WHEN 8 THEN 'not_applicable'
        WHEN 9 THEN 'breached'
        ELSE 'not_assessable'
    END AS status,
    CASE j.preference
        WHEN 0 THEN 'no_indication'
        WHEN 3 THEN CASE WHEN NOT j.is_known THEN 'no_indication' END
        WHEN 4 THEN 'condition_unknown'
        WHEN 5 THEN 'population_unknown'
        WHEN 6 THEN 'version_unknown'
        WHEN 7 THEN 'product_unknown'
        WHEN 8 THEN 'other_phase'
        WHEN 9 THEN 'set_has_no_rule'
    END AS reason,
    CASE
        WHEN j.preference = 9 THEN 'review'
        WHEN j.preference = 4 AND r.on_condition_unknown IS NULL THEN 'review'
        WHEN j.preference = 4 THEN r.on_condition_unknown
    END AS severity,
    CASE
        WHEN j.preference = 9 THEN 'not_named'
        WHEN j.preference = 4 THEN 'condition_unknown'
    END AS cap,
    -- only "do not use" may accuse
    j.preference = 1 AS is_accusable,
    FALSE AS is_weight_disputed,
    CASE WHEN j.preference = 4 THEN 'condition' ELSE 'use' END AS clause
FROM judged AS j
LEFT JOIN guideline.rule AS r ON j.rule_key = r.rule_key
