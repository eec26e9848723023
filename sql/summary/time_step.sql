-- One row per step of the period and one for all of it (`step` `all`): months of up to thirteen,
-- else quarters of up to thirteen, else years of up to thirteen, else decades†, so that they fit
-- across a sheet. The first and the last one end where the period does (`is_partial`).
-- A working table: what is told over time, and is no chart, is told by these.
WITH length AS (
    SELECT
        from_on,
        to_on,
        CASE
            WHEN DATE_DIFF('month', from_on, to_on) < 13 THEN 'month'
            WHEN DATE_DIFF('quarter', from_on, to_on) < 13 THEN 'quarter'
            WHEN DATE_DIFF('year', from_on, to_on) < 13 THEN 'year'
            ELSE 'decade'
        END AS step
    FROM report.period
    WHERE from_on <= to_on
),

measured AS (
    SELECT
        step,
        from_on,
        to_on,
        CASE step
            WHEN 'month' THEN INTERVAL 1 MONTH
            WHEN 'quarter' THEN INTERVAL 3 MONTH
            WHEN 'year' THEN INTERVAL 1 YEAR
            ELSE INTERVAL 10 YEAR
        END AS step_length
    FROM length
),

begun AS (
    SELECT
        *,
        CAST(
            UNNEST(GENERATE_SERIES(
                DATE_TRUNC(step, from_on), DATE_TRUNC(step, to_on), step_length
            )) AS DATE
        ) AS begins_on
    FROM measured
),

ended AS (
    SELECT
        *,
        CAST(begins_on + step_length AS DATE) - 1 AS ends_on
    FROM begun
)

SELECT
    step,
    begins_on,
    GREATEST(begins_on, from_on) AS from_on,
    LEAST(ends_on, to_on) AS to_on,
    begins_on < from_on OR ends_on > to_on AS is_partial
FROM ended
UNION ALL
SELECT
    'all' AS step,
    from_on AS begins_on,
    from_on,
    to_on,
    FALSE AS is_partial
FROM length
