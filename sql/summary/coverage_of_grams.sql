-- One row per named set: the grams of the period, and those in courses that at least one
-- countable rule has assessed.
SELECT
    g.set_key,
    SUM(i.grams) AS grams,
    -- no such course is known to be none: a true zero
    CASE
        WHEN COUNT(*) FILTER (WHERE o.is_assessed_at_all) = 0 THEN 0
        ELSE SUM(i.grams) FILTER (WHERE o.is_assessed_at_all)
    END AS grams_covered
FROM guideline.guideline_set AS g
CROSS JOIN temp.profile_grams AS i
LEFT JOIN report.profile_outcome AS o
    ON g.set_key = o.set_key AND i.profile_key = o.profile_key
WHERE NOT g.is_house
GROUP BY g.set_key
