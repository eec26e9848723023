-- One row per named set and indication, and one per named set for all of them together
-- (is_total): courses by outcome, and the patients and grams of the judged ones.
-- A working table: shares, bounds and intervals are added by the tables that print it.
WITH judged AS (
    SELECT
        o.set_key,
        c.patient_key,
        c.indication_code,
        c.n_courses,
        c.grams,
        CASE WHEN c.is_open THEN 'open' ELSE o.outcome END AS outcome
    FROM temp.patient_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
),

counted AS (
    SELECT
        set_key,
        indication_code,
        GROUPING(indication_code) = 1 AS is_total,
        SUM(n_courses) AS n_courses,
        -- no course of an outcome is known to be none: a true zero
        SUM(CASE WHEN outcome = 'open' THEN n_courses ELSE 0 END) AS n_open,
        SUM(CASE WHEN outcome = 'off' THEN n_courses ELSE 0 END) AS n_off,
        SUM(CASE WHEN outcome = 'within' THEN n_courses ELSE 0 END) AS n_within,
        SUM(CASE WHEN outcome = 'unassessed' THEN n_courses ELSE 0 END) AS n_unassessed,
        SUM(CASE WHEN outcome = 'no_rule' THEN n_courses ELSE 0 END) AS n_no_rule,
        COUNT(DISTINCT patient_key) FILTER (WHERE outcome IN ('off', 'within'))
            AS n_patients_judged,
        COUNT(DISTINCT patient_key) FILTER (WHERE outcome = 'off') AS n_patients_off,
        SUM(grams) FILTER (WHERE outcome IN ('off', 'within')) AS grams_judged,
        SUM(grams) FILTER (WHERE outcome = 'off') AS grams_off
    FROM judged
    GROUP BY GROUPING SETS ((set_key, indication_code), (set_key))
)

SELECT
    set_key,
    indication_code,
    is_total,
    n_courses,
    n_open,
    n_courses - n_open AS n_closed,
    n_off,
    n_within,
    n_unassessed,
    n_no_rule,
    n_off + n_within AS n_judged,
    n_patients_judged,
    n_patients_off,
    grams_judged,
    CASE WHEN n_off = 0 THEN 0 ELSE grams_off END AS grams_off
FROM counted
