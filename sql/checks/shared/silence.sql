-- One row per set, course of known indication in the audited period and kind (use, dose) of which
-- the set says nothing: it has no rule for the indication and population (`set_has_no_rule`), or
-- only for other products (`not_labelled`). Silence is not prohibition.
-- The other kinds are silent on most courses, which means nothing.
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

spoken AS (
    SELECT DISTINCT
        kind,
        set_key,
        course_key
    FROM audit.applicable
    WHERE kind IN ('indication', 'regimen')
),

elsewhere AS (
    SELECT DISTINCT
        kind,
        set_key,
        course_key
    FROM audit.matched
    WHERE kind IN ('indication', 'regimen') AND product_fit = 'other'
)

SELECT
    a.kind,
    a.set_key,
    c.course_key,
    c.patient_key,
    CASE WHEN e.course_key IS NULL THEN 'set_has_no_rule' ELSE 'not_labelled' END AS reason
FROM asked AS a
CROSS JOIN derived.course AS c
ANTI JOIN spoken AS s
    ON a.kind = s.kind AND a.set_key = s.set_key AND c.course_key = s.course_key
LEFT JOIN elsewhere AS e
    ON a.kind = e.kind AND a.set_key = e.set_key AND c.course_key = e.course_key
WHERE c.is_in_period AND c.indication_code IS NOT NULL
