-- One row per named set beside the first, and answer under either, where they differ and at least
-- one judges: closed courses of the period, the patients who have them, and the grams.
SELECT
    b.set_key,
    a.answer AS first_answer,
    b.answer,
    a.answer IN ('not_assessable', 'silent') OR b.answer IN ('not_assessable', 'silent')
        AS is_one_sided,
    SUM(c.n_courses) AS n_courses,
    COUNT(DISTINCT c.patient_key) AS n_patients,
    SUM(c.grams) AS grams
FROM temp.patient_profile AS c
INNER JOIN report.profile_outcome AS a ON c.profile_key = a.profile_key
INNER JOIN temp.first_set AS f ON a.set_key = f.set_key
INNER JOIN report.profile_outcome AS b ON c.profile_key = b.profile_key
WHERE
    NOT c.is_open
    AND a.set_key <> b.set_key
    AND a.answer <> b.answer
    AND NOT (a.answer IN ('not_assessable', 'silent') AND b.answer IN ('not_assessable', 'silent'))
GROUP BY b.set_key, a.answer, b.answer
