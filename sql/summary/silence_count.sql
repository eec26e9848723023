-- One row per set, kind (use, dose) and reason: the courses of known indication on which the set is
-- silent. The same as counting audit.silence, without looking at every set and course: those
-- with an answer, and those that only a rule for another product would reach, are taken from all.
-- A working table.
WITH asked AS (
    SELECT DISTINCT
        r.kind,
        r.set_key
    FROM guideline.rule AS r
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
    WHERE
        NOT s.is_house
        -- an exhaustive list of uses is never silent on a use
        AND (r.kind = 'regimen' OR (r.kind = 'indication' AND s.is_exhaustive IS NOT TRUE))
),

known AS (
    SELECT COUNT(*) AS n_courses
    FROM derived.course
    WHERE is_in_period AND indication_code IS NOT NULL
),

spoken AS (
    SELECT
        kind,
        set_key,
        COUNT(DISTINCT course_key) AS n_courses
    FROM audit.verdict
    WHERE kind IN ('indication', 'regimen') AND rule_key IS NOT NULL
    GROUP BY kind, set_key
),

labelled AS (
    SELECT DISTINCT set_key
    FROM guideline.rule
    WHERE has_products
),

reached AS (
    SELECT
        CAST(v.kind AS VARCHAR) AS kind,
        v.set_key,
        v.course_key
    FROM audit.verdict AS v
    SEMI JOIN labelled AS l ON v.set_key = l.set_key
    WHERE v.kind IN ('indication', 'regimen') AND v.rule_key IS NOT NULL
    UNION ALL
    SELECT
        kind,
        set_key,
        course_key
    FROM audit.matched
    WHERE kind IN ('indication', 'regimen') AND product_fit = 'other'
),

near AS (
    SELECT
        kind,
        set_key,
        COUNT(DISTINCT course_key) AS n_courses
    FROM reached
    GROUP BY kind, set_key
),

counted AS (
    SELECT
        a.kind,
        a.set_key,
        k.n_courses AS n_known,
        -- no course with an answer is known to be none: a true zero
        CASE WHEN s.kind IS NULL THEN 0 ELSE s.n_courses END AS n_spoken,
        n.n_courses AS n_near
    FROM asked AS a
    CROSS JOIN known AS k
    LEFT JOIN spoken AS s ON a.kind = s.kind AND a.set_key = s.set_key
    LEFT JOIN near AS n ON a.kind = n.kind AND a.set_key = n.set_key
)

SELECT
    set_key,
    kind,
    'set_has_no_rule' AS reason,
    n_known - COALESCE(n_near, n_spoken) AS n_verdicts
FROM counted
WHERE n_known > COALESCE(n_near, n_spoken)
UNION ALL
SELECT
    set_key,
    kind,
    'not_labelled' AS reason,
    n_near - n_spoken AS n_verdicts
FROM counted
WHERE n_near > n_spoken
