-- One row per serious reported event after the first: the days since the one before, and between
-- which days such gaps lie by chance.
SELECT
    happened_on,
    gap_days,
    mean_days,
    low,
    high,
    is_outside
FROM audit.serious_gap
