-- One row per part of a reading and weight: the worst clause that fails, and what is not known.
-- `hard_doubt`: without the fact nothing can be said. `soft_doubt`: the fact could only make worse
-- what otherwise holds. `worst`: the most severe clause (rank 3 off_guideline, 2 review,
-- 1 advisory), then the largest miss in ten-thousandths of its limit, then the first of the list.
WITH ranked AS (
    SELECT
        *,
        total_high IS NOT NULL OR total_low IS NOT NULL OR day_high IS NOT NULL
        OR day_low IS NOT NULL OR days_high IS NOT NULL OR days_low IS NOT NULL
        OR days_broken IS NOT NULL OR gap_short IS NOT NULL OR gap_long IS NOT NULL
        OR stretch_long IS NOT NULL OR interval_early IS NOT NULL OR interval_late IS NOT NULL
        OR month_high IS NOT NULL OR month_low IS NOT NULL OR rolling_high IS NOT NULL
        OR event_missing IS NOT NULL OR window_early IS NOT NULL OR window_late IS NOT NULL
        OR repeat_again IS NOT NULL OR repeat_early IS NOT NULL OR repeat_late IS NOT NULL
            AS is_failing,
        -- the total fits and no day is above its limit: only the number of days differs
        CASE
            WHEN total_high IS NOT NULL OR total_low IS NOT NULL OR day_high IS NOT NULL THEN 3
            WHEN NOT has_total_max OR (days_high IS NULL AND days_low IS NULL) THEN 3
            ELSE 1
        END AS days_rank,
        CASE on_early WHEN 'advisory' THEN 1 WHEN 'review' THEN 2 ELSE 3 END AS early_rank,
        CASE WHEN on_late = 'advisory' THEN 1 ELSE 2 END AS late_rank,
        -- too much for the longest interval is too much for any
        CASE
            WHEN month_high IS NULL THEN NULL
            WHEN
                (known_dose_g - step_g) * month_days >= month_max_g * interval_max_days
                AND known_dose_g * month_days
                > month_max_g * interval_max_days * (1 + dose_tolerance)
                THEN 3
            ELSE 2
        END AS month_rank
    FROM audit.compared
),

listed AS (
    SELECT
        *,
        CASE
            WHEN is_failing
                THEN [
                    (3, total_high / total_max_g, 'total_high'),
                    (2, total_low / total_min_g, 'total_low'),
                    (3, day_high / day_max_g, 'day_high'),
                    -- where only the number of days differs, the smaller days follow from it
                    (NULLIF(LEAST(days_rank, 2), 1), day_low / day_min_g, 'day_low'),
                    (days_rank, days_high / days_max, 'days_high'),
                    (LEAST(days_rank, 2), days_low / days_min, 'days_low'),
                    (2, days_broken / n_days, 'days_broken'),
                    (2, gap_short / gap_min_days, 'gap_short'),
                    (2, gap_long / gap_max_days, 'gap_long'),
                    (2, stretch_long / stretch_max_days, 'stretch_long'),
                    (
                        LEAST(IF(interval_grams_high IS NULL, 2, 3), early_rank),
                        interval_early / interval_min_days,
                        'interval_early'
                    ),
                    (late_rank, interval_late / interval_max_days, 'interval_late'),
                    (month_rank, month_high / (month_max_g * month_over_days), 'month_high'),
                    (2, month_low / (month_min_g * month_over_days), 'month_low'),
                    (3, rolling_high / rolling_max_g, 'rolling_high'),
                    (2, event_missing / n_days, 'event_missing'),
                    (2, window_early / from_event_min_days, 'window_early'),
                    (2, window_late / GREATEST(from_event_max_days, 1), 'window_late'),
                    (2, repeat_again / 2, 'repeat_again'),
                    (
                        LEAST(IF(repeat_grams_high IS NULL, 2, 3), early_rank),
                        repeat_early / GREATEST(repeat_from_days, 1),
                        'repeat_early'
                    ),
                    (late_rank, repeat_late / GREATEST(repeat_to_days, 1), 'repeat_late')
                ]
        END AS faults
    FROM ranked
),

judged AS (
    SELECT
        *,
        CASE
            WHEN is_failing
                THEN LIST_MAX(
                    LIST_FILTER(
                        LIST_TRANSFORM(
                            faults,
                            LAMBDA f, i: {
                                'rank': f[1],
                                'share': CAST(f[2] * 10000 AS BIGINT),
                                'place': -i,
                                'fault': f[3]
                            }
                        ), LAMBDA f: f.share IS NOT NULL AND f.rank IS NOT NULL
                    )
                )
        END AS worst,
        CASE
            WHEN NOT has_dose THEN NULL
            WHEN is_dose_uncertain THEN 'dose_uncertain'
            WHEN weight_kg IS NULL THEN weight_reason
            WHEN dose_g IS NOT NULL THEN NULL
            WHEN total_high IS NOT NULL OR day_high IS NOT NULL THEN NULL
            WHEN month_high IS NOT NULL OR rolling_high IS NOT NULL THEN NULL
            ELSE 'no_dose'
        END AS hard_doubt,
        CASE
            WHEN is_open THEN 'course_open'
            WHEN is_start_truncated THEN 'history_truncated'
            WHEN has_unresolved_bag THEN 'bag_unresolved'
            WHEN (has_interval AND reading >= 0) OR n_before IS NOT NULL
                THEN CASE
                    WHEN interval_status IS NULL THEN 'unknown_between'
                    WHEN interval_status NOT IN ('known', 'first') THEN interval_status
                END
        END AS course_doubt,
        -- what may lie before the records makes a dose a repeat, and a repeat one too many
        CASE
            WHEN NOT has_repeat OR has_interval THEN NULL
            WHEN NOT COALESCE(is_start_seen, is_episode_start_seen) THEN 'history_truncated'
        END AS episode_doubt,
        CASE
            WHEN n_days_linked < n_days THEN link_doubt
            WHEN NOT is_repeat THEN window_doubt
        END AS event_doubt
    FROM listed
)

SELECT
    rule_key,
    regimen_key,
    course_key,
    patient_key,
    reading,
    weight_role,
    weight_basis,
    is_alone,
    is_step_unsure,
    CAST(hard_doubt AS AUDIT.VERDICT_REASON) AS hard_doubt,
    CAST(
        CASE
            WHEN course_doubt IS NOT NULL THEN course_doubt
            WHEN episode_doubt IS NOT NULL THEN episode_doubt
            WHEN event_doubt IS NOT NULL THEN event_doubt
            WHEN is_repeat AND repeat_condition IS NOT NULL THEN 'condition_unknown'
        END AS AUDIT.VERDICT_REASON
    ) AS soft_doubt,
    CASE
        WHEN is_failing
            THEN {
                'rank': worst.rank,
                'share': worst.share,
                'regimen_key': regimen_key,
                'reading': reading,
                'part': part,
                'fault': worst.fault,
                'observed': CAST(
                    CASE worst.fault
                        WHEN 'total_high' THEN known_dose_g
                        WHEN 'total_low' THEN dose_g
                        WHEN 'day_high' THEN max_day_g
                        WHEN 'day_low' THEN min_day_g
                        WHEN 'days_high' THEN n_days
                        WHEN 'days_low' THEN n_days
                        WHEN 'days_broken' THEN span_days
                        WHEN 'gap_short' THEN min_gap_days
                        WHEN 'gap_long' THEN max_gap_days
                        WHEN 'stretch_long' THEN stretch_days
                        WHEN 'interval_early' THEN interval_days
                        WHEN 'interval_late' THEN interval_days
                        WHEN 'month_high' THEN known_dose_g
                        WHEN 'month_low' THEN dose_g
                        WHEN 'rolling_high' THEN grams_28d
                        WHEN 'event_missing' THEN n_days_linked
                        WHEN 'window_early' THEN event_days
                        WHEN 'window_late' THEN event_days
                        WHEN 'repeat_again' THEN repeat_again + 2
                        WHEN 'repeat_early' THEN days_between
                        WHEN 'repeat_late' THEN days_between
                    END AS DECIMAL(12, 3)
                ),
                'limit_low': CAST(
                    CASE
                        WHEN worst.fault IN ('total_high', 'total_low') THEN total_min_g
                        WHEN worst.fault IN ('day_high', 'day_low') THEN day_min_g
                        WHEN worst.fault IN ('days_high', 'days_low') THEN days_min
                        WHEN worst.fault IN ('gap_short', 'gap_long') THEN gap_min_days
                        WHEN worst.fault IN ('interval_early', 'interval_late')
                            THEN interval_min_days
                        WHEN worst.fault IN ('month_high', 'month_low')
                            THEN month_min_g * month_over_days / month_days
                        WHEN worst.fault = 'event_missing' THEN n_days
                        WHEN worst.fault IN ('window_early', 'window_late') THEN from_event_min_days
                        WHEN worst.fault IN ('repeat_early', 'repeat_late') THEN repeat_from_days
                    END AS DECIMAL(12, 3)
                ),
                'limit_high': CAST(
                    CASE
                        WHEN worst.fault IN ('total_high', 'total_low') THEN total_max_g
                        WHEN worst.fault IN ('day_high', 'day_low') THEN day_max_g
                        WHEN worst.fault IN ('days_high', 'days_low') THEN days_max
                        WHEN worst.fault = 'days_broken' THEN n_days
                        WHEN worst.fault IN ('gap_short', 'gap_long') THEN gap_max_days
                        WHEN worst.fault = 'stretch_long' THEN stretch_max_days
                        WHEN worst.fault IN ('interval_early', 'interval_late')
                            THEN interval_max_days
                        WHEN worst.fault IN ('month_high', 'month_low')
                            THEN month_max_g * month_over_days / month_days
                        WHEN worst.fault = 'rolling_high' THEN rolling_max_g
                        WHEN worst.fault IN ('window_early', 'window_late') THEN from_event_max_days
                        WHEN worst.fault = 'repeat_again' THEN 2
                        WHEN worst.fault IN ('repeat_early', 'repeat_late') THEN repeat_to_days
                    END AS DECIMAL(12, 3)
                ),
                'is_cap': CASE worst.fault
                    WHEN 'total_high' THEN total_max_g = course_cap_g
                    WHEN 'day_high' THEN day_max_g = day_cap_g
                END IS TRUE,
                'is_grams_high': CASE worst.fault
                    WHEN 'interval_early' THEN interval_grams_high IS NOT NULL
                    WHEN 'repeat_early' THEN repeat_grams_high IS NOT NULL
                END IS TRUE,
                'weight_kg': weight_kg,
                'step_g': step_g,
                'n_days': n_days,
                'started_on': started_on,
                'last_on': last_on,
                'event_on': event_on,
                'is_repeat': is_repeat,
                'month_over_days': CAST(month_over_days AS DECIMAL(9, 1)),
                'accrued_g': CAST(
                    IF(worst.fault = 'interval_early', grams_28d, accrued_g) AS DECIMAL(12, 3)
                ),
                'allowed_g': CAST(
                    IF(
                        worst.fault = 'interval_early', total_max_g * n_courses_28d, allowed_g
                    ) AS DECIMAL(15, 6)
                )
            }
    END AS worst
FROM judged
