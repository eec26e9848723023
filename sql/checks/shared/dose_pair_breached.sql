-- One row per regimen rule and course that fails it, in place of audit.dose_pair: once all answers
-- are known, only what fails is worked out again, to tell how.
SELECT
    rule_key,
    course_key
FROM temp.dose_answer
WHERE status_number = 2 AND reason IS NULL
