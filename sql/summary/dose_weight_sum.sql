-- One row per rule of the first set that decided what a course may be given at most, and one for
-- all closed courses (`part`): how many were reckoned, and the grams avoidable under the set's
-- weight policy. Courses of which that is unknown are counted beside it and stand in no sum.
WITH counted AS (
    SELECT
        GROUPING(rule_key) = 1 AS is_total,
        rule_key,
        COUNT(*) AS n_courses,
        COUNT(avoidable_g) AS n_reckoned,
        COUNT(*) FILTER (WHERE state = 'unknown') AS n_unknown,
        COUNT(*) FILTER (WHERE state = 'no_rule') AS n_no_rule,
        COUNT(DISTINCT patient_key) FILTER (WHERE avoidable_g IS NOT NULL) AS n_patients,
        SUM(dose_g) FILTER (WHERE avoidable_g IS NOT NULL) AS dose_g,
        COUNT(*) FILTER (WHERE avoidable_g > 0) AS n_avoidable,
        COUNT(DISTINCT patient_key) FILTER (WHERE avoidable_g > 0) AS n_patients_avoidable,
        SUM(avoidable_g) AS avoidable_g,
        -- none such is known to be none: a true zero
        SUM(IF(is_countable, avoidable_g, 0)) FILTER (WHERE avoidable_g IS NOT NULL)
            AS countable_g,
        COUNT(*) FILTER (WHERE disputed_g > 0) AS n_disputed,
        SUM(disputed_g) AS disputed_g
    FROM report.dose_weight
    GROUP BY GROUPING SETS ((rule_key), ())
    HAVING COUNT(*) > 0 AND (GROUPING(rule_key) = 1 OR rule_key IS NOT NULL)
)

SELECT
    IF(c.is_total, 'all', 'rule') AS part,
    c.rule_key,
    r.rule_id,
    r.effective_severity,
    c.n_courses,
    c.n_reckoned,
    c.n_unknown,
    c.n_no_rule,
    c.n_patients,
    c.dose_g,
    c.n_avoidable,
    c.n_patients_avoidable,
    c.avoidable_g,
    c.countable_g,
    c.n_disputed,
    c.disputed_g,
    CAST(c.avoidable_g / NULLIF(c.dose_g, 0) AS DECIMAL(9, 6)) AS share_avoidable
FROM counted AS c
LEFT JOIN guideline.rule AS r ON c.rule_key = r.rule_key
