-- One row per regimen rule and course whose dose it can judge. audit.dose_reading and what follows
-- it work out these and no others.
SELECT
    rule_key,
    course_key
FROM audit.matched
WHERE kind = 'regimen' AND product_fit = 'fits' AND reason IS NULL
