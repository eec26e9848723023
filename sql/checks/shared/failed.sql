-- One row per part of a reading and weight: whether a clause fails, and what is not known.
-- `hard_doubt`: without the fact nothing can be said. `soft_doubt`: the fact could only make worse
-- what otherwise holds. `grade`: of the clauses that fail the one to tell, the most severe (3
-- off_guideline, 2 review, 1 advisory), then the largest share of its limit, then the first of
-- audit.dose_fault, all in one number: severity * 1e12 + ten-thousandths * 100 + place.
WITH ranked AS (
    SELECT
        *,
        -- dose and repeat were spread over more days than both may take, no day above its limit
        is_both_enough AND days_high IS NOT NULL AND day_high IS NULL AS is_spread,
        IF(is_spread, 2, 3) AS total_rank,
        -- the total fits and no day is above its limit: only the number of days differs
        CASE
            WHEN is_spread AND COALESCE(total_high, total_low) IS NOT NULL THEN 2
            WHEN total_high IS NOT NULL OR total_low IS NOT NULL OR day_high IS NOT NULL THEN 3
            WHEN NOT has_total_max OR (days_high IS NULL AND days_low IS NULL) THEN 3
            ELSE 1
        END AS days_rank,
        LEAST(early_rank, IF(is_interval_grams_high, 3, 2)) AS interval_early_rank,
        LEAST(early_rank, IF(is_repeat_grams_high, 3, 2)) AS repeat_early_rank,
        -- too much for the longest interval is too much for any
        CASE
            WHEN
                month_high IS NOT NULL
                AND (known_dose_g - step_g) * month_days >= month_max_g * interval_max_days
                AND known_dose_g * month_days
                > month_max_g * interval_max_days * (1 + dose_tolerance)
                AND known_dose_g * month_days > month_max_g * interval_max_days
                + (
                    n_days * step_g * month_days
                    - month_max_g * interval_max_days % (n_days * step_g * month_days)
                ) % (n_days * step_g * month_days)
                THEN 3
            ELSE 2
        END AS month_rank
    FROM audit.compared
),

graded AS (
    SELECT
        *,
        -- where only the number of days differs, the smaller days follow from it
        CASE
            WHEN
                COALESCE(
                    total_high, total_low, day_high, day_low, days_high, days_low, days_broken,
                    gap_short, gap_long, stretch_long, interval_early, interval_late, month_high,
                    month_low, rolling_high, event_missing, window_early, window_late,
                    repeat_again, repeat_early, repeat_late
                ) IS NOT NULL
                THEN GREATEST(
                    total_rank * 1e12 + ROUND(total_high * 1e4) * 100 + 21,
                    2 * 1e12 + ROUND(total_low * 1e4) * 100 + 20,
                    3 * 1e12 + ROUND(day_high * 1e4) * 100 + 19,
                    NULLIF(LEAST(days_rank, 2), 1) * 1e12 + ROUND(day_low * 1e4) * 100 + 18,
                    days_rank * 1e12 + ROUND(days_high * 1e4) * 100 + 17,
                    LEAST(days_rank, 2) * 1e12 + ROUND(days_low * 1e4) * 100 + 16,
                    2 * 1e12 + ROUND(days_broken * 1e4) * 100 + 15,
                    2 * 1e12 + ROUND(gap_short * 1e4) * 100 + 14,
                    2 * 1e12 + ROUND(gap_long * 1e4) * 100 + 13,
                    2 * 1e12 + ROUND(stretch_long * 1e4) * 100 + 12,
                    interval_early_rank * 1e12 + ROUND(interval_early * 1e4) * 100 + 11,
                    late_rank * 1e12 + ROUND(interval_late * 1e4) * 100 + 10,
                    month_rank * 1e12 + ROUND(month_high * 1e4) * 100 + 9,
                    2 * 1e12 + ROUND(month_low * 1e4) * 100 + 8,
                    3 * 1e12 + ROUND(rolling_high * 1e4) * 100 + 7,
                    2 * 1e12 + ROUND(event_missing * 1e4) * 100 + 6,
                    2 * 1e12 + ROUND(window_early * 1e4) * 100 + 5,
                    2 * 1e12 + ROUND(window_late * 1e4) * 100 + 4,
                    2 * 1e12 + ROUND(repeat_again * 1e4) * 100 + 3,
                    repeat_early_rank * 1e12 + ROUND(repeat_early * 1e4) * 100 + 2,
                    late_rank * 1e12 + ROUND(repeat_late * 1e4) * 100 + 1
                )
        END AS grade,
        CASE
            WHEN is_open THEN 'course_open'
            WHEN is_start_truncated THEN 'history_truncated'
            WHEN has_unresolved_bag THEN 'bag_unresolved'
            WHEN NOT (has_interval AND reading >= 0) AND n_before IS NULL THEN NULL
            WHEN interval_status IS NULL THEN 'unknown_between'
            WHEN interval_status NOT IN ('known', 'first') THEN interval_status
        END AS course_doubt,
        -- what may lie before the records makes a dose a repeat, and a repeat one too many
        IF(
            has_repeat AND NOT has_interval AND NOT COALESCE(is_start_seen, is_episode_start_seen),
            'history_truncated',
            NULL
        ) AS episode_doubt,
        CASE
            WHEN n_days_linked < n_event_days THEN link_doubt
            WHEN NOT is_repeat THEN window_doubt
        END AS event_doubt
    FROM ranked
)

SELECT
    rule_key,
    regimen_key,
    course_key,
    patient_key,
    reading,
    part,
    weight_role,
    weight_basis,
    is_alone,
    is_step_unsure,
    step_from_months,
    step_to_months,
    grade,
    CAST(
        CASE
            WHEN NOT has_dose THEN NULL
            WHEN is_dose_uncertain THEN 'dose_uncertain'
            WHEN weight_kg IS NULL THEN weight_reason
            WHEN dose_g IS NOT NULL THEN NULL
            WHEN total_high IS NOT NULL OR day_high IS NOT NULL THEN NULL
            WHEN month_high IS NOT NULL OR rolling_high IS NOT NULL THEN NULL
            ELSE 'no_dose'
        END AS AUDIT.VERDICT_REASON
    ) AS hard_doubt,
    CAST(
        CASE
            WHEN course_doubt IS NOT NULL THEN course_doubt
            WHEN episode_doubt IS NOT NULL THEN episode_doubt
            WHEN event_doubt IS NOT NULL THEN event_doubt
            WHEN is_repeat AND repeat_condition IS NOT NULL THEN 'condition_unknown'
        END AS AUDIT.VERDICT_REASON
    ) AS soft_doubt
FROM graded
