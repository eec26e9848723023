-- One row per ascertainment of reports and month of the period: the rate of its sessions and the
-- three-sigma limits of a u-chart around the mean of the whole months.
SELECT
    ascertainment,
    month_on,
    is_whole,
    n_events,
    n_sessions,
    per_1000,
    mean,
    low,
    high,
    is_outside
FROM audit.event_month
