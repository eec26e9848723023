-- One row per course, regimen and weight: for every clause that fails, by how much.
-- A clause that holds, or whose facts are missing, is NULL; regimen.sql asks what is missing.
-- A dose is first rounded to whole vials or given its tolerance, whichever is wider, never both,
-- and no dose fails by less than one vial. A limit is an allowed dose.
SELECT
    *, -- the facts of audit.dosed stay beside their comparison -- noqa: AM04
    CASE
        WHEN
            known_dose_g > total_max_g * (1 + dose_tolerance)
            AND known_dose_g > total_max_g
            + (n_days * step_g - total_max_g % (n_days * step_g)) % (n_days * step_g)
            AND known_dose_g - total_max_g >= step_g
            THEN known_dose_g - total_max_g
    END AS total_high,
    CASE
        WHEN
            dose_g < total_min_g * (1 - dose_tolerance)
            AND dose_g < total_min_g - total_min_g % (n_days * step_g)
            AND total_min_g - dose_g >= step_g
            AND NOT is_floor_off
            THEN total_min_g - dose_g
    END AS total_low,
    CASE
        WHEN
            max_day_g > day_max_g * (1 + dose_tolerance)
            AND max_day_g > day_max_g + (step_g - day_max_g % step_g) % step_g
            AND max_day_g - day_max_g >= step_g
            THEN max_day_g - day_max_g
    END AS day_high,
    CASE
        WHEN
            min_day_g < day_min_g * (1 - dose_tolerance)
            AND min_day_g < day_min_g - day_min_g % step_g
            AND day_min_g - min_day_g >= step_g
            AND NOT is_floor_off
            THEN day_min_g - min_day_g
    END AS day_low,
    CASE WHEN n_days > days_max THEN n_days - days_max END AS days_high,
    CASE WHEN n_days < days_min AND NOT is_floor_off THEN days_min - n_days END AS days_low,
    CASE WHEN is_consecutive AND span_days > n_days THEN span_days - n_days END AS days_broken,
    CASE
        WHEN
            interval_status = 'known'
            AND interval_days < interval_min_days - interval_tolerance_days
            THEN interval_min_days - interval_days
    END AS interval_early,
    CASE
        WHEN
            interval_status = 'known'
            AND interval_days > interval_max_days + interval_tolerance_days
            AND NOT is_open
            THEN interval_days - interval_max_days
    END AS interval_late,
    CASE
        WHEN
            grams_28d > total_max_g * n_courses_28d * (1 + dose_tolerance)
            AND grams_28d - total_max_g * n_courses_28d >= step_g
            THEN grams_28d - total_max_g * n_courses_28d
    END AS month_high
FROM audit.dosed
