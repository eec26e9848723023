-- One row per outcome of the courses begun in the period, by the first named set: courses, grams
-- and patients. A patient counts once, in the first of these that holds of any course: off
-- guideline, not assessable, within, closed without a rule that may accuse, open. Courses with a
-- bag whose grams are not certain have none here (`n_without_grams`).
WITH ranked (place, outcome) AS (
    VALUES (1, 'off'), (2, 'unassessed'), (3, 'within'), (4, 'no_rule'), (5, 'open')
),

told AS (
    SELECT
        c.patient_key,
        c.n_courses,
        c.n_without_grams,
        c.grams,
        CASE WHEN c.is_open THEN 'open' ELSE o.outcome END AS outcome
    FROM temp.patient_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
    INNER JOIN temp.first_set AS f ON o.set_key = f.set_key
),

course AS (
    SELECT
        outcome,
        SUM(n_courses) AS n_courses,
        SUM(n_without_grams) AS n_without_grams,
        SUM(grams) AS grams
    FROM told
    GROUP BY outcome
),

person AS (
    SELECT
        place,
        COUNT(*) AS n_patients
    FROM (
        SELECT
            t.patient_key,
            MIN(r.place) AS place
        FROM told AS t
        INNER JOIN ranked AS r ON t.outcome = r.outcome
        GROUP BY t.patient_key
    ) AS gravest
    GROUP BY place
),

counted AS (
    SELECT
        r.place,
        r.outcome,
        c.n_courses,
        -- courses of an outcome, but no patient whose gravest it is: a true zero
        IF(p.n_patients IS NULL, 0, p.n_patients) AS n_patients,
        c.n_without_grams,
        c.grams
    FROM ranked AS r
    INNER JOIN course AS c ON r.outcome = c.outcome
    LEFT JOIN person AS p ON r.place = p.place
)

SELECT
    place,
    outcome,
    n_courses,
    CAST(n_courses / SUM(n_courses) OVER () AS DECIMAL(9, 6)) AS share_courses,
    n_patients,
    CAST(n_patients / SUM(n_patients) OVER () AS DECIMAL(9, 6)) AS share_patients,
    n_without_grams,
    grams,
    CAST(grams / NULLIF(SUM(grams) OVER (), 0) AS DECIMAL(9, 6)) AS share_grams
FROM counted
