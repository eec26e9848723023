-- One row per named set: the grams of the period, and those in courses that at least one
-- countable rule has assessed.
SELECT
    g.set_key,
    SUM(i.dose_g) AS grams,
    -- no such course is known to be none: a true zero
    CASE
        WHEN COUNT(*) FILTER (WHERE j.is_assessed_at_all) = 0 THEN 0
        ELSE SUM(i.dose_g) FILTER (WHERE j.is_assessed_at_all)
    END AS grams_covered
FROM guideline.guideline_set AS g
CROSS JOIN temp.counted_infusion AS i
LEFT JOIN report.judged_course AS j
    ON g.set_key = j.set_key AND i.course_key = j.course_key
WHERE NOT g.is_house
GROUP BY g.set_key
