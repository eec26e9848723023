-- One row per regimen rule and course it could judge: the answer.
-- The rules of a set that apply to one course are for different situations: where one fits, the
-- others are not breached. Where it fits only under a condition the records do not hold, nobody
-- knows.
WITH conditioned AS (
    SELECT
        d.*,
        r.set_key,
        r.condition IS NOT NULL AS is_conditional,
        r.on_condition_unknown,
        d.status_number = 0 AND r.condition IS NULL AS is_met,
        d.status_number = 0 AND r.condition IS NOT NULL
        OR (d.reason = 'condition_unknown') IS TRUE AS is_fitting_if
    FROM temp.dose_said AS d
    INNER JOIN guideline.rule AS r ON d.rule_key = r.rule_key
),

-- breaches are the few: the other rules of their set are asked for them alone
sibling AS (
    SELECT
        b.rule_key,
        b.course_key,
        BOOL_OR(o.is_met) AS is_met
    FROM conditioned AS b
    INNER JOIN conditioned AS o ON b.course_key = o.course_key AND b.set_key = o.set_key
    WHERE b.status_number = 2 AND (o.is_met OR o.is_fitting_if)
    GROUP BY b.rule_key, b.course_key
)

SELECT
    c.rule_key,
    c.course_key,
    c.patient_key,
    c.set_key,
    c.status_number,
    c.is_conditional,
    c.on_condition_unknown,
    c.regimen_key,
    c.weight_basis,
    c.is_weight_disputed,
    (c.reason = 'condition_unknown') IS TRUE AS is_repeat_conditional,
    CASE
        WHEN c.is_fitting_if THEN 'condition_unknown'
        WHEN c.status_number = 1 THEN c.reason
        WHEN s.is_met THEN 'other_rule_met'
        WHEN NOT s.is_met THEN 'condition_unknown'
    END AS reason
FROM conditioned AS c
LEFT JOIN sibling AS s
    ON c.status_number = 2 AND c.rule_key = s.rule_key AND c.course_key = s.course_key
