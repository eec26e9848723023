-- One row per named set and basis of the weight its courses are judged by, or the reason
-- there is none.
SELECT
    g.set_id,
    w.weight_policy,
    w.weight_basis,
    w.reason,
    COUNT(*) AS n_courses
FROM guideline.guideline_set AS g
INNER JOIN derived.dosing_weight AS w
    ON g.weight_policy = w.weight_policy AND w.role = 'policy'
INNER JOIN derived.course AS c ON w.course_key = c.course_key
CROSS JOIN report.period AS p
WHERE
    NOT g.is_house
    AND c.started_on >= p.from_on
    AND c.started_on <= p.to_on
GROUP BY ALL
