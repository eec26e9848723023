-- One row per verdict of the first set on the dose of a course. A working table: what follows on
-- doses and intervals asks the verdicts once.
SELECT
    v.rule_key,
    v.course_key,
    v.status,
    v.reason,
    v.cap,
    v.is_countable,
    v.regimen_key
FROM audit.verdict AS v
INNER JOIN temp.first_set AS f ON v.set_key = f.set_key
WHERE v.kind = 'regimen' AND v.subject_kind = 'course'
