-- One row per named set and indication, and one per named set for all of them together
-- (is_total): courses by outcome, and the patients and grams of the judged ones.
-- A working table: shares, bounds and intervals are added by the tables that print it.
WITH judged AS (
    SELECT
        o.set_key,
        c.indication_code,
        c.n_courses,
        c.grams,
        CASE WHEN c.is_open THEN 'open' ELSE o.outcome END AS outcome
    FROM temp.profile_count AS c
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
        SUM(grams) FILTER (WHERE outcome IN ('off', 'within')) AS grams_judged,
        SUM(grams) FILTER (WHERE outcome = 'off') AS grams_off
    FROM judged
    GROUP BY GROUPING SETS ((set_key, indication_code), (set_key))
),

person AS (
    SELECT
        o.set_key,
        c.indication_code,
        GROUPING(c.indication_code) = 1 AS is_total,
        COUNT(DISTINCT c.patient_key) AS n_judged,
        COUNT(DISTINCT c.patient_key) FILTER (WHERE o.outcome = 'off') AS n_off
    FROM temp.patient_profile AS c
    INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
    WHERE NOT c.is_open AND o.outcome IN ('off', 'within')
    GROUP BY GROUPING SETS ((o.set_key, c.indication_code), (o.set_key))
)

SELECT
    c.set_key,
    c.indication_code,
    c.is_total,
    c.n_courses,
    c.n_open,
    c.n_courses - c.n_open AS n_closed,
    c.n_off,
    c.n_within,
    c.n_unassessed,
    c.n_no_rule,
    c.n_off + c.n_within AS n_judged,
    -- no judged course is no such patient: a true zero
    CASE WHEN p.set_key IS NULL THEN 0 ELSE p.n_judged END AS n_patients_judged,
    CASE WHEN p.set_key IS NULL THEN 0 ELSE p.n_off END AS n_patients_off,
    c.grams_judged,
    CASE WHEN c.n_off = 0 THEN 0 ELSE c.grams_off END AS grams_off
FROM counted AS c
LEFT JOIN person AS p
    ON
        c.set_key = p.set_key
        AND c.is_total = p.is_total
        AND c.indication_code IS NOT DISTINCT FROM p.indication_code
