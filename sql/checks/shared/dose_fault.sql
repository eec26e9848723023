-- One row per way a course can fail a permitted way to dose: the clause and unit it is told in, what
-- is tolerated of it (a share of a dose, days of an interval), and what caps it where it is milder.
SELECT
    fault,
    clause,
    unit,
    leeway,
    cap
FROM (
    VALUES
    ('total_high', 'dose_total', 'g', 'dose', NULL),
    ('total_low', 'dose_total', 'g', 'dose', 'under_dose'),
    ('day_high', 'dose_per_day', 'g', 'dose', NULL),
    ('day_low', 'dose_per_day', 'g', 'dose', 'under_dose'),
    ('days_high', 'days', 'days', NULL, 'days_only'),
    ('days_low', 'days', 'days', NULL, 'under_dose'),
    ('days_broken', 'days', 'days', NULL, 'days_broken'),
    ('gap_short', 'days', 'days', NULL, 'days_broken'),
    ('gap_long', 'days', 'days', NULL, 'days_broken'),
    ('stretch_long', 'days', 'days', NULL, 'days_broken'),
    ('interval_early', 'interval', 'days', 'interval', 'early_interval'),
    ('interval_late', 'interval', 'days', 'interval', 'late_interval'),
    ('month_high', 'month', 'g', 'dose', 'short_interval'),
    ('month_low', 'month', 'g', 'dose', 'under_dose'),
    ('rolling_high', 'month', 'g', 'dose', NULL),
    ('event_missing', 'event', 'days', NULL, NULL),
    ('window_early', 'window', 'days', NULL, NULL),
    ('window_late', 'window', 'days', NULL, NULL),
    ('repeat_again', 'repeat', 'count', NULL, NULL),
    ('repeat_early', 'repeat', 'days', NULL, 'early_interval'),
    ('repeat_late', 'repeat', 'days', NULL, 'late_interval')
) AS t (fault, clause, unit, leeway, cap)
