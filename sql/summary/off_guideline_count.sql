-- One row per named set and indication, and one per named set for all of them together
-- (is_total): courses by outcome, and the patients and grams of the judged ones.
-- A working table: shares, bounds and intervals are added by the tables that print it.
WITH by_patient AS (
    SELECT
        set_key,
        indication_code,
        patient_key,
        COUNT(*) AS n_courses,
        COUNT(*) FILTER (WHERE outcome = 'open') AS n_open,
        COUNT(*) FILTER (WHERE outcome = 'off') AS n_off,
        COUNT(*) FILTER (WHERE outcome = 'within') AS n_within,
        COUNT(*) FILTER (WHERE outcome = 'unassessed') AS n_unassessed,
        COUNT(*) FILTER (WHERE outcome = 'no_rule') AS n_no_rule,
        SUM(known_dose_g) FILTER (WHERE outcome IN ('off', 'within')) AS grams_judged,
        SUM(known_dose_g) FILTER (WHERE outcome = 'off') AS grams_off
    FROM report.judged_course
    GROUP BY set_key, indication_code, patient_key
)

SELECT
    set_key,
    indication_code,
    GROUPING(indication_code) = 1 AS is_total,
    SUM(n_courses) AS n_courses,
    SUM(n_open) AS n_open,
    SUM(n_courses - n_open) AS n_closed,
    SUM(n_off) AS n_off,
    SUM(n_within) AS n_within,
    SUM(n_unassessed) AS n_unassessed,
    SUM(n_no_rule) AS n_no_rule,
    SUM(n_off + n_within) AS n_judged,
    COUNT(DISTINCT patient_key) FILTER (WHERE n_off + n_within > 0) AS n_patients_judged,
    COUNT(DISTINCT patient_key) FILTER (WHERE n_off > 0) AS n_patients_off,
    SUM(grams_judged) AS grams_judged,
    -- no course off guideline is known to be none: a true zero
    CASE WHEN SUM(n_off) = 0 THEN 0 ELSE SUM(grams_off) END AS grams_off
FROM by_patient
GROUP BY GROUPING SETS ((set_key, indication_code), (set_key))
