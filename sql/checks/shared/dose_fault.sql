-- One row per way a course can fail a permitted way to dose: the clause and unit it is told in,
-- what is tolerated of it (a share of a dose, days of an interval), what caps it where milder.
-- Of two that are equally bad the one of the higher `place` is told.
SELECT
    place,
    fault,
    clause,
    unit,
    leeway,
    cap
FROM (
    VALUES
    (21, 'total_high', 'dose_total', 'g', 'dose', NULL),
    (20, 'total_low', 'dose_total', 'g', 'dose', 'under_dose'),
    (19, 'day_high', 'dose_per_day', 'g', 'dose', NULL),
    (18, 'day_low', 'dose_per_day', 'g', 'dose', 'under_dose'),
    (17, 'days_high', 'days', 'days', NULL, 'days_only'),
    (16, 'days_low', 'days', 'days', NULL, 'under_dose'),
    (15, 'days_broken', 'days', 'days', NULL, 'days_broken'),
    (14, 'gap_short', 'days', 'days', NULL, 'days_broken'),
    (13, 'gap_long', 'days', 'days', NULL, 'days_broken'),
    (12, 'stretch_long', 'days', 'days', NULL, 'days_broken'),
    (11, 'interval_early', 'interval', 'days', 'interval', 'early_interval'),
    (10, 'interval_late', 'interval', 'days', 'interval', 'late_interval'),
    (9, 'month_high', 'month', 'g', 'dose', 'short_interval'),
    (8, 'month_low', 'month', 'g', 'dose', 'under_dose'),
    (7, 'rolling_high', 'month', 'g', 'dose', NULL),
    (6, 'event_missing', 'event', 'days', NULL, NULL),
    (5, 'window_early', 'window', 'days', NULL, NULL),
    (4, 'window_late', 'window', 'days', NULL, NULL),
    (3, 'repeat_again', 'repeat', 'count', NULL, NULL),
    (2, 'repeat_early', 'repeat', 'days', NULL, 'early_interval'),
    (1, 'repeat_late', 'repeat', 'days', NULL, 'late_interval')
) AS t (place, fault, clause, unit, leeway, cap) -- names the columns -- noqa: AL05
