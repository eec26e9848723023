-- One row per named set and indication, and one per named set for all of them together
-- (is_total): courses by outcome, and the patients and grams of the judged ones.
-- A working table: shares, bounds and intervals are added by the tables that print it.
SELECT
    set_key,
    indication_code,
    GROUPING(indication_code) = 1 AS is_total,
    COUNT(*) AS n_courses,
    COUNT(*) FILTER (WHERE outcome = 'open') AS n_open,
    COUNT(*) FILTER (WHERE outcome <> 'open') AS n_closed,
    COUNT(*) FILTER (WHERE outcome = 'off') AS n_off,
    COUNT(*) FILTER (WHERE outcome = 'within') AS n_within,
    COUNT(*) FILTER (WHERE outcome = 'unassessed') AS n_unassessed,
    COUNT(*) FILTER (WHERE outcome = 'no_rule') AS n_no_rule,
    COUNT(*) FILTER (WHERE outcome IN ('off', 'within')) AS n_judged,
    COUNT(DISTINCT patient_key) FILTER (WHERE outcome IN ('off', 'within')) AS n_patients_judged,
    COUNT(DISTINCT patient_key) FILTER (WHERE outcome = 'off') AS n_patients_off,
    SUM(known_dose_g) FILTER (WHERE outcome IN ('off', 'within')) AS grams_judged,
    CASE
        WHEN COUNT(*) FILTER (WHERE outcome = 'off') = 0 THEN 0
        ELSE SUM(known_dose_g) FILTER (WHERE outcome = 'off')
    END AS grams_off
FROM report.judged_course
GROUP BY GROUPING SETS ((set_key, indication_code), (set_key))
