-- One row per closed course begun in the period and weight policy that the first set, or one of its
-- rules on dose, names: what was given, and the weights it may be held against. A stale weight is
-- taken at its upper end (`upper_kg`, `heaviest_kg`). A working table.
WITH own AS (
    SELECT
        f.set_key,
        g.weight_policy
    FROM temp.first_set AS f
    LEFT JOIN guideline.guideline_set AS g ON f.set_key = g.set_key
),

named AS (
    SELECT
        weight_policy,
        TRUE AS is_own
    FROM own
    UNION ALL
    SELECT DISTINCT
        r.weight_policy,
        FALSE AS is_own
    FROM own AS o
    INNER JOIN guideline.rule AS r ON o.set_key = r.set_key
    SEMI JOIN guideline.regimen AS g ON r.rule_key = g.rule_key
    WHERE
        r.weight_policy IS NOT NULL
        AND r.weight_policy IS DISTINCT FROM o.weight_policy
),

course AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.indication_code,
        c.started_on,
        c.age_years,
        c.n_days,
        c.dose_g,
        c.max_day_g,
        c.is_dose_uncertain,
        c.interval_status,
        c.interval_days,
        c.vial_step_g
    FROM derived.course AS c
    CROSS JOIN report.period AS q
    WHERE
        -- in one, for the planner takes each further condition for a fifth
        (
            NOT c.is_open
            AND c.started_on >= q.from_on
            AND c.started_on <= q.to_on
        ) IS TRUE
)

SELECT
    c.*,
    o.weight_policy,
    o.is_own,
    d.reason AS weight_reason,
    d.weight_kg AS policy_kg,
    CAST(d.weight_kg * IF(w.is_stale, 1 + p.weight_sensitivity, 1) AS DECIMAL(9, 3)) AS upper_kg,
    CAST(w.actual_kg * IF(w.is_stale, 1 + p.weight_sensitivity, 1) AS DECIMAL(9, 3))
        AS heaviest_kg,
    w.actual_kg,
    IF(i.ideal_kg IS NULL, NULL, LEAST(i.ideal_kg, w.actual_kg)) AS ideal_kg,
    IF(i.adjusted_kg IS NULL, NULL, LEAST(i.adjusted_kg, w.actual_kg)) AS adjusted_kg
FROM course AS c
CROSS JOIN named AS o
CROSS JOIN guideline.policy AS p
LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
LEFT JOIN derived.dosing_weight AS d
    ON c.course_key = d.course_key AND o.weight_policy = d.weight_policy AND d.role = 'policy'
LEFT JOIN derived.course_ideal AS i
    ON c.course_key = i.course_key AND o.weight_policy = i.weight_policy
