-- One row per named set beside the first: the closed courses of the period that both judge alike,
-- that both judge and differently, that only one of them judges, and neither; with the patients and
-- grams of those that part them.
WITH placed AS (
    SELECT
        b.set_key,
        b.profile_key,
        CASE
            WHEN
                a.answer IN ('not_assessable', 'silent')
                AND b.answer IN ('not_assessable', 'silent')
                THEN 'neither'
            WHEN a.answer IN ('not_assessable', 'silent') THEN 'other_only'
            WHEN b.answer IN ('not_assessable', 'silent') THEN 'first_only'
            WHEN a.answer = b.answer THEN 'alike'
            ELSE 'parted'
        END AS place
    FROM report.profile_outcome AS a
    INNER JOIN temp.first_set AS f ON a.set_key = f.set_key
    INNER JOIN report.profile_outcome AS b
        ON a.profile_key = b.profile_key AND a.set_key <> b.set_key
),

person AS (
    SELECT
        p.set_key,
        COUNT(DISTINCT c.patient_key) AS n_parted
    FROM placed AS p
    INNER JOIN temp.patient_profile AS c ON p.profile_key = c.profile_key
    WHERE p.place = 'parted' AND NOT c.is_open
    GROUP BY p.set_key
)

SELECT
    p.set_key,
    SUM(c.n_courses) AS n_courses,
    -- no course in a place is known to be none: a true zero
    SUM(CASE WHEN p.place = 'alike' THEN c.n_courses ELSE 0 END) AS n_alike,
    SUM(CASE WHEN p.place = 'parted' THEN c.n_courses ELSE 0 END) AS n_parted,
    SUM(CASE WHEN p.place = 'first_only' THEN c.n_courses ELSE 0 END) AS n_first_only,
    SUM(CASE WHEN p.place = 'other_only' THEN c.n_courses ELSE 0 END) AS n_other_only,
    SUM(CASE WHEN p.place = 'neither' THEN c.n_courses ELSE 0 END) AS n_neither,
    CASE WHEN n.set_key IS NULL THEN 0 ELSE n.n_parted END AS n_patients_parted,
    SUM(c.grams) FILTER (WHERE p.place = 'parted') AS grams_parted
FROM placed AS p
INNER JOIN temp.profile_count AS c ON p.profile_key = c.profile_key
LEFT JOIN person AS n ON p.set_key = n.set_key
WHERE NOT c.is_open
GROUP BY p.set_key, n.set_key, n.n_parted
