-- One row per rule and clause for which the first named set calls closed courses off guideline,
-- the most courses first: courses and patients, and the share of all such reasons up to this one.
-- A course with two reasons counts in both.
WITH found AS (
    SELECT
        v.rule_key,
        v.clause,
        COUNT(DISTINCT v.course_key) AS n_courses,
        COUNT(DISTINCT v.patient_key) AS n_patients
    FROM audit.verdict AS v
    INNER JOIN temp.first_set AS f ON v.set_key = f.set_key
    INNER JOIN report.course_profile AS c ON v.course_key = c.course_key
    WHERE
        v.status = 'breached' AND v.severity = 'off_guideline' AND v.is_countable
        AND NOT c.is_open
    GROUP BY v.rule_key, v.clause
),

ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (ORDER BY n_courses DESC, rule_key ASC, clause ASC NULLS LAST) AS place
    FROM found
)

SELECT
    k.place,
    r.rule_id,
    r.kind,
    k.clause,
    k.n_courses,
    k.n_patients,
    CAST(k.n_courses / SUM(k.n_courses) OVER () AS DECIMAL(9, 6)) AS share_courses,
    CAST(
        SUM(k.n_courses) OVER (ORDER BY k.place) / SUM(k.n_courses) OVER () AS DECIMAL(9, 6)
    ) AS share_so_far
FROM ranked AS k
INNER JOIN guideline.rule AS r ON k.rule_key = r.rule_key
