-- One row per named set beside the first, indication (NULL: unknown), answer under either and the
-- rules that gave them, where they differ and at least one judges: closed courses, patients, grams.
WITH parted AS (
    SELECT
        b.set_key,
        c.indication_code,
        a.answer AS first_answer,
        b.answer,
        a.rule_key AS first_rule_key,
        b.rule_key,
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
        AND NOT (
            a.answer IN ('not_assessable', 'silent') AND b.answer IN ('not_assessable', 'silent')
        )
    GROUP BY b.set_key, c.indication_code, a.answer, b.answer, a.rule_key, b.rule_key
)

SELECT
    p.set_key,
    p.indication_code,
    n.name,
    p.first_answer,
    p.answer,
    p.first_answer IN ('not_assessable', 'silent') OR p.answer IN ('not_assessable', 'silent')
        AS is_one_sided,
    x.rule_id AS first_rule_id,
    r.rule_id,
    p.n_courses,
    p.n_patients,
    p.grams
FROM parted AS p
LEFT JOIN guideline.indication AS n ON p.indication_code = n.indication_code
LEFT JOIN guideline.rule AS x ON p.first_rule_key = x.rule_key
LEFT JOIN guideline.rule AS r ON p.rule_key = r.rule_key
