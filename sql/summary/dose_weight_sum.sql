-- One row per rule of the first set that decided what a course may be given at most, and one for
-- all closed courses (`part`): how many were reckoned, and the grams avoidable under the set's
-- weight policy. Courses of which that is unknown are counted beside it and stand in no sum.
SELECT
    IF(GROUPING(d.rule_key) = 1, 'all', 'rule') AS part,
    d.rule_key,
    r.rule_id,
    r.effective_severity,
    COUNT(*) AS n_courses,
    COUNT(d.avoidable_g) AS n_reckoned,
    COUNT(*) FILTER (WHERE d.state = 'unknown') AS n_unknown,
    COUNT(*) FILTER (WHERE d.state = 'no_rule') AS n_no_rule,
    COUNT(DISTINCT d.patient_key) FILTER (WHERE d.avoidable_g IS NOT NULL) AS n_patients,
    SUM(d.dose_g) FILTER (WHERE d.avoidable_g IS NOT NULL) AS dose_g,
    COUNT(*) FILTER (WHERE d.avoidable_g > 0) AS n_avoidable,
    COUNT(DISTINCT d.patient_key) FILTER (WHERE d.avoidable_g > 0) AS n_patients_avoidable,
    SUM(d.avoidable_g) AS avoidable_g,
    -- none such is known to be none: a true zero
    SUM(IF(d.is_countable, d.avoidable_g, 0)) FILTER (WHERE d.avoidable_g IS NOT NULL)
        AS countable_g,
    COUNT(*) FILTER (WHERE d.disputed_g > 0) AS n_disputed,
    SUM(d.disputed_g) AS disputed_g,
    CAST(
        SUM(d.avoidable_g)
        / NULLIF(SUM(d.dose_g) FILTER (WHERE d.avoidable_g IS NOT NULL), 0) AS DECIMAL(9, 6)
    ) AS share_avoidable
FROM report.dose_weight AS d
LEFT JOIN guideline.rule AS r ON d.rule_key = r.rule_key
GROUP BY GROUPING SETS ((d.rule_key, r.rule_id, r.effective_severity), ())
HAVING COUNT(*) > 0 AND (GROUPING(d.rule_key) = 1 OR d.rule_key IS NOT NULL)
