-- One row per state and reason why the avoidable grams of closed courses are unknown, not asked
-- for, or nought without a limit to hold them against.
SELECT
    state,
    reason,
    COUNT(*) AS n_courses,
    SUM(dose_g) AS dose_g,
    SUM(disputed_g) AS disputed_g
FROM report.dose_weight
WHERE reason IS NOT NULL
GROUP BY state, reason
