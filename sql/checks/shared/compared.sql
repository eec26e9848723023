-- One row per part of a reading and weight: for every clause that fails, by which share of its
-- limit. A clause that holds, or whose facts are missing, is NULL; audit.failed asks what is
-- missing.
-- A dose is first rounded to whole vials or given its tolerance, whichever is wider, never both,
-- and no dose fails by less than one vial. A limit is an allowed dose.
SELECT
    *, -- the facts of audit.dosed stay beside their comparison -- noqa: AM04
    CASE
        WHEN
            known_dose_g - total_max_g >= step_g
            AND known_dose_g > total_max_g * (1 + dose_tolerance)
            AND known_dose_g > total_max_g
            + (n_days * step_g - total_max_g % (n_days * step_g)) % (n_days * step_g)
            THEN (known_dose_g - total_max_g) / total_max_g
    END AS total_high,
    CASE
        WHEN
            total_min_g - dose_g >= step_g
            AND NOT is_floor_off
            AND dose_g < total_min_g * (1 - dose_tolerance)
            AND dose_g < total_min_g - total_min_g % (n_days * step_g)
            THEN (total_min_g - dose_g) / total_min_g
    END AS total_low,
    CASE
        WHEN
            max_day_g - day_max_g >= step_g
            AND max_day_g > day_max_g * (1 + dose_tolerance)
            AND max_day_g > day_max_g + (step_g - day_max_g % step_g) % step_g
            THEN (max_day_g - day_max_g) / day_max_g
    END AS day_high,
    CASE
        WHEN
            day_min_g - min_day_g >= step_g
            AND NOT is_floor_off
            AND min_day_g < day_min_g * (1 - dose_tolerance)
            AND min_day_g < day_min_g - day_min_g % step_g
            THEN (day_min_g - min_day_g) / day_min_g
    END AS day_low,
    CASE WHEN n_days > days_max THEN (n_days - days_max) / days_max END AS days_high,
    CASE WHEN n_days < days_min AND NOT is_floor_off THEN (days_min - n_days) / days_min END
        AS days_low,
    CASE WHEN is_consecutive AND span_days > n_days THEN (span_days - n_days) / n_days END
        AS days_broken,
    CASE WHEN min_gap_days < gap_min_days THEN (gap_min_days - min_gap_days) / gap_min_days END
        AS gap_short,
    CASE WHEN max_gap_days > gap_max_days THEN (max_gap_days - gap_max_days) / gap_max_days END
        AS gap_long,
    CASE
        WHEN stretch_days > stretch_max_days
            THEN (stretch_days - stretch_max_days) / stretch_max_days
    END AS stretch_long,
    CASE
        WHEN
            interval_days < interval_min_days - interval_tolerance_days
            AND interval_status = 'known'
            AND reading >= 0
            THEN (interval_min_days - interval_days) / interval_min_days
    END AS interval_early,
    CASE
        WHEN
            interval_days > interval_max_days + interval_tolerance_days
            AND interval_status = 'known'
            AND reading >= 0
            AND NOT is_open
            THEN (interval_days - interval_max_days) / interval_max_days
    END AS interval_late,
    -- asked of an interval or a repeat that is early, and so of few
    CASE
        WHEN interval_days < interval_min_days
            THEN
                grams_28d - total_max_g * n_courses_28d >= step_g
                AND grams_28d > total_max_g * n_courses_28d * (1 + dose_tolerance)
    END IS TRUE AS is_interval_grams_high,
    CASE
        WHEN
            grams_28d - rolling_max_g >= step_g
            AND grams_28d > rolling_max_g * (1 + dose_tolerance)
            THEN (grams_28d - rolling_max_g) / rolling_max_g
    END AS rolling_high,
    CASE
        WHEN
            month_max_g IS NOT NULL
            AND (known_dose_g - step_g) * month_days >= month_max_g * month_over_days
            AND reading >= 0
            AND known_dose_g * month_days > month_max_g * month_over_days * (1 + dose_tolerance)
            AND known_dose_g * month_days > month_max_g * month_over_days
            + (
                n_days * step_g * month_days
                - month_max_g * month_over_days % (n_days * step_g * month_days)
            ) % (n_days * step_g * month_days)
            THEN known_dose_g * month_days / (month_max_g * month_over_days) - 1
    END AS month_high,
    CASE
        WHEN
            month_min_g IS NOT NULL
            AND interval_status = 'known'
            AND (dose_g + step_g) * month_days <= month_min_g * month_over_days
            AND NOT is_floor_off
            AND reading >= 0
            AND dose_g * month_days < month_min_g * month_over_days * (1 - dose_tolerance)
            AND dose_g * month_days < month_min_g * month_over_days
            - month_min_g * month_over_days % (n_days * step_g * month_days)
            THEN 1 - dose_g * month_days / (month_min_g * month_over_days)
    END AS month_low,
    CASE
        WHEN link_doubt IS NULL AND n_days_linked < n_event_days
            THEN (n_event_days - n_days_linked) / n_event_days
    END AS event_missing,
    CASE
        WHEN event_days < from_event_min_days AND NOT is_repeat
            THEN (from_event_min_days - event_days) / from_event_min_days
    END AS window_early,
    CASE
        WHEN event_days > from_event_max_days AND NOT is_repeat
            THEN (event_days - from_event_max_days) / GREATEST(from_event_max_days, 1)
    END AS window_late,
    -- a dose before that was more than one dose counts twice
    CASE
        WHEN is_repeat AND n_before > 1 THEN (n_before - 1) / 2
        WHEN
            is_repeat
            AND n_before = 1
            AND first_dose_g - dose_max_g >= step_g
            AND first_dose_g > dose_max_g * (1 + dose_tolerance)
            AND first_dose_g > dose_max_g
            + (first_n_days * step_g - dose_max_g % (first_n_days * step_g))
            % (first_n_days * step_g)
            THEN 1 / 2
    END AS repeat_again,
    CASE
        WHEN days_between < repeat_from_days
            THEN (repeat_from_days - days_between) / GREATEST(repeat_from_days, 1)
        WHEN days_between > repeat_to_days AND days_between < last_repeat_from_days
            -- the way whose window lies ahead is nearer: its share is 1 at most
            THEN 1 + (days_between - repeat_to_days) / GREATEST(repeat_to_days, 1)
    END AS repeat_early,
    CASE
        WHEN
            days_between > repeat_to_days
            AND (days_between < last_repeat_from_days) IS NOT TRUE
            THEN (days_between - repeat_to_days) / GREATEST(repeat_to_days, 1)
    END AS repeat_late,
    CASE
        WHEN days_between IS NOT NULL
            THEN accrued_g - allowed_g >= step_g AND accrued_g > allowed_g * (1 + dose_tolerance)
    END IS TRUE AS is_repeat_grams_high,
    -- dose and repeat together hold no more than they may: which day is of which, nobody can tell
    CASE
        WHEN both_g IS NOT NULL
            THEN both_g - both_max_g < step_g OR both_g <= both_max_g * (1 + dose_tolerance)
    END IS TRUE AS is_both_enough
FROM audit.dosed
