-- One row per calendar month of the period, also when nothing was given in it. A month of which
-- some days lie outside the period or after the day of the audit is partial.
WITH month AS (
    SELECT
        CAST(UNNEST(GENERATE_SERIES(
            DATE_TRUNC('month', from_on), DATE_TRUNC('month', to_on), INTERVAL 1 MONTH
        )) AS DATE) AS month_on,
        from_on,
        LEAST(to_on, as_of) AS whole_to_on
    FROM report.period
    WHERE from_on <= to_on
),

given AS (
    SELECT
        CAST(DATE_TRUNC('month', started_on) AS DATE) AS month_on,
        SUM(dose_g) AS grams,
        COUNT(*) AS n_infusions,
        COUNT(*) FILTER (WHERE is_session_start) AS n_sessions,
        COUNT(DISTINCT patient_key) AS n_patients,
        COUNT(*) FILTER (WHERE dose_g IS NULL) AS n_without_grams
    FROM temp.counted_infusion
    GROUP BY ALL
)

SELECT
    m.month_on,
    -- no infusion is known to be none: a true zero, not a missing number
    CASE WHEN g.month_on IS NULL THEN 0 ELSE g.grams END AS grams,
    CASE WHEN g.month_on IS NULL THEN 0 ELSE g.n_infusions END AS n_infusions,
    CASE WHEN g.month_on IS NULL THEN 0 ELSE g.n_sessions END AS n_sessions,
    CASE WHEN g.month_on IS NULL THEN 0 ELSE g.n_patients END AS n_patients,
    CASE WHEN g.month_on IS NULL THEN 0 ELSE g.n_without_grams END AS n_without_grams,
    m.month_on < m.from_on OR LAST_DAY(m.month_on) > m.whole_to_on AS is_partial
FROM month AS m
LEFT JOIN given AS g ON m.month_on = g.month_on
