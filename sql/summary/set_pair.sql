-- One row per named set beside the first: the closed courses of the period that both judge alike,
-- that both judge and differently, that only one of them judges, and neither; with the patients and
-- grams of those that part them.
WITH first_set AS (
    SELECT MIN(set_key) AS set_key
    FROM guideline.guideline_set
    WHERE NOT is_house
),

paired AS (
    SELECT
        b.set_key,
        c.patient_key,
        c.n_courses,
        c.grams,
        a.answer IN ('off_guideline', 'review', 'advisory', 'met') AS is_first_judged,
        b.answer IN ('off_guideline', 'review', 'advisory', 'met') AS is_judged,
        a.answer = b.answer AS is_alike
    FROM temp.patient_profile AS c
    INNER JOIN report.profile_outcome AS a ON c.profile_key = a.profile_key
    INNER JOIN first_set AS f ON a.set_key = f.set_key
    INNER JOIN report.profile_outcome AS b ON c.profile_key = b.profile_key
    WHERE NOT c.is_open AND a.set_key <> b.set_key
),

placed AS (
    SELECT
        *,
        CASE
            WHEN is_first_judged AND is_judged AND is_alike THEN 'alike'
            WHEN is_first_judged AND is_judged THEN 'parted'
            WHEN is_first_judged THEN 'first_only'
            WHEN is_judged THEN 'other_only'
            ELSE 'neither'
        END AS place
    FROM paired
)

SELECT
    set_key,
    SUM(n_courses) AS n_courses,
    -- no course in a place is known to be none: a true zero
    SUM(CASE WHEN place = 'alike' THEN n_courses ELSE 0 END) AS n_alike,
    SUM(CASE WHEN place = 'parted' THEN n_courses ELSE 0 END) AS n_parted,
    SUM(CASE WHEN place = 'first_only' THEN n_courses ELSE 0 END) AS n_first_only,
    SUM(CASE WHEN place = 'other_only' THEN n_courses ELSE 0 END) AS n_other_only,
    SUM(CASE WHEN place = 'neither' THEN n_courses ELSE 0 END) AS n_neither,
    COUNT(DISTINCT patient_key) FILTER (WHERE place = 'parted') AS n_patients_parted,
    SUM(grams) FILTER (WHERE place = 'parted') AS grams_parted
FROM placed
GROUP BY set_key
