-- One row per local day of the source's time zone: how far its clocks are ahead of UTC when
-- the day begins, and when the next one does; they differ when the clocks change in between.
-- The calendar of DuckDB knows the rule of daylight saving time beyond 2100, where
-- de-identified records lie.
WITH calendar AS (
    SELECT CAST(series.midnight AS TIMESTAMP) AS midnight
    FROM
        GENERATE_SERIES(
            TIMESTAMP '1799-12-30', TIMESTAMP '2300-01-02', INTERVAL 1 DAY
        ) AS series (midnight)
),

placed AS (
    SELECT
        calendar.midnight,
        EPOCH_US(calendar.midnight)
        - EPOCH_US((calendar.midnight AT TIME ZONE $zone) AT TIME ZONE 'UTC') AS offset_us
    FROM calendar
)

SELECT
    CAST(placed.midnight AS DATE) AS local_day,
    placed.offset_us,
    LEAD(placed.offset_us) OVER (ORDER BY placed.midnight) AS next_offset_us
FROM placed
