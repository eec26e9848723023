-- One row per way to group patients (age, sex), group (NULL: not recorded) and measure of the
-- courses begun in the period, by the first named set: off (closed courses off guideline, of those
-- judged), judged (of the closed ones), tests (taken, of those known to be taken or missed); and
-- patients: with any such course of those with any, for tests those of whom none is known to be
-- missed. A working table.
WITH told AS (
    SELECT
        patient_key,
        age_from_years,
        sex,
        outcome,
        n_courses,
        NULL AS n_tests,
        NULL AS n_taken
    FROM temp.placed_course
    UNION ALL
    SELECT
        patient_key,
        age_from_years,
        sex,
        NULL AS outcome,
        0 AS n_courses,
        n_tests,
        n_taken
    FROM temp.placed_test
),

sorted AS (
    SELECT
        'age' AS group_kind,
        CASE age_from_years
            WHEN 0 THEN 'under_18'
            WHEN 18 THEN '18_to_39'
            WHEN 40 THEN '40_to_64'
            WHEN 65 THEN '65_to_79'
            WHEN 80 THEN '80_and_over'
        END AS group_code,
        *
    FROM told
    UNION ALL
    SELECT
        'sex' AS group_kind,
        sex AS group_code,
        *
    FROM told
),

person AS (
    SELECT
        group_kind,
        group_code,
        patient_key,
        SUM(IF(outcome = 'off', n_courses, 0)) AS n_off,
        SUM(IF(outcome IN ('off', 'within'), n_courses, 0)) AS n_judged,
        SUM(IF(outcome != 'open', n_courses, 0)) AS n_closed,
        SUM(IF(outcome = 'unassessed', n_courses, 0)) AS n_unassessed,
        SUM(n_tests) AS n_tests,
        SUM(n_taken) AS n_taken
    FROM sorted
    GROUP BY group_kind, group_code, patient_key
),

measured AS (
    SELECT
        group_kind,
        group_code,
        'off' AS measure,
        SUM(n_off) AS n_with,
        SUM(n_judged) AS n_of,
        SUM(n_unassessed) AS n_unassessed,
        COUNT(*) FILTER (WHERE n_off > 0) AS n_patients_with,
        COUNT(*) FILTER (WHERE n_judged > 0) AS n_patients_of
    FROM person
    GROUP BY group_kind, group_code
    UNION ALL
    SELECT
        group_kind,
        group_code,
        'judged' AS measure,
        SUM(n_judged) AS n_with,
        SUM(n_closed) AS n_of,
        NULL AS n_unassessed,
        COUNT(*) FILTER (WHERE n_judged > 0) AS n_patients_with,
        COUNT(*) FILTER (WHERE n_closed > 0) AS n_patients_of
    FROM person
    GROUP BY group_kind, group_code
    UNION ALL
    SELECT
        group_kind,
        group_code,
        'tests' AS measure,
        -- no test known is known to be none: a true zero
        CASE WHEN COUNT(n_tests) = 0 THEN 0 ELSE SUM(n_taken) END AS n_with,
        CASE WHEN COUNT(n_tests) = 0 THEN 0 ELSE SUM(n_tests) END AS n_of,
        NULL AS n_unassessed,
        COUNT(*) FILTER (WHERE n_taken = n_tests) AS n_patients_with,
        COUNT(n_tests) AS n_patients_of
    FROM person
    GROUP BY group_kind, group_code
),

grouped AS (
    SELECT
        group_kind,
        group_code,
        COUNT(*) AS n_patients
    FROM person
    GROUP BY group_kind, group_code
)

SELECT
    m.*,
    g.n_patients
FROM measured AS m
INNER JOIN grouped AS g
    ON m.group_kind = g.group_kind AND m.group_code IS NOT DISTINCT FROM g.group_code
