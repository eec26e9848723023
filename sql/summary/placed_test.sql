-- One row per patient, site and age of the courses begun in the period: of the tests the first
-- named set asks for around them, how many are known to be taken or missed, and how many were
-- taken. A working table.
SELECT
    i.patient_key,
    i.site_id,
    i.age_from_years,
    NULLIF(s.sex, 'U') AS sex,
    COUNT(*) AS n_tests,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_taken
FROM audit.verdict AS v
INNER JOIN temp.first_set AS f ON v.set_key = f.set_key
INNER JOIN temp.counted_infusion AS i ON v.course_key = i.infusion_key AND i.is_course_start
LEFT JOIN staged.patient AS s ON i.patient_key = s.patient_key
WHERE v.kind = 'monitoring' AND v.status IN ('met', 'breached')
GROUP BY ALL
