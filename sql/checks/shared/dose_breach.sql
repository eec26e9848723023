-- One row per regimen rule and course that fails it: the clause that decided (audit.dose_fault),
-- with the facts, limits and days its arithmetic is written from.
-- Of the ways and readings that fail the nearest is told: the least severe, then the one with the
-- smallest share missed. A stale weight makes no breach more severe than its mildest end does.
-- `mildest_rank` is that of any weight the dose could have been meant by.
WITH failing AS (
    SELECT d.*
    FROM temp.dose_failed AS d
    SEMI JOIN temp.dose_answer AS a
        ON
            d.rule_key = a.rule_key
            AND d.course_key = a.course_key
            AND a.status_number = 2
            AND a.reason IS NULL
),

-- a reading is as bad as its worst part, the rule as its best reading; a part that holds is no
-- part to tell, though NULL in a struct counts as the most
reading AS (
    SELECT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        regimen_key,
        reading,
        -- a part that holds has no grade, and NULL would be the largest
        MAX({ 'grade': grade, 'part': -part }) FILTER (WHERE grade IS NOT NULL) AS worst
    FROM failing
    WHERE NOT is_alone
    GROUP BY rule_key, course_key, weight_role, weight_basis, regimen_key, reading
    HAVING COUNT(hard_doubt) = 0 AND COUNT(grade) > 0
),

nearest AS (
    SELECT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        MIN({
            'grade': worst['grade'],
            'regimen_key': regimen_key,
            'reading': reading,
            'part': -worst['part']
        }) AS told
    FROM reading
    GROUP BY rule_key, course_key, weight_role, weight_basis
),

told AS (
    SELECT
        rule_key,
        course_key,
        MAX(told) FILTER (WHERE weight_role = 'policy') AS told,
        MIN(told['grade']) FILTER (WHERE weight_role != 'alternative') AS mildest_end,
        MIN(told['grade']) FILTER (WHERE weight_role IN ('policy', 'alternative'))
            AS mildest_weight
    FROM nearest
    GROUP BY rule_key, course_key
),

ranked AS (
    SELECT
        rule_key,
        course_key,
        told['grade'] AS grade,
        told['regimen_key'] AS regimen_key,
        told['reading'] AS reading,
        told['part'] AS part,
        mildest_end,
        mildest_weight
    FROM told
    UNION ALL
    -- one way, one reading and one weight: nothing to choose from
    SELECT
        rule_key,
        course_key,
        grade,
        regimen_key,
        reading,
        part,
        grade AS mildest_end,
        grade AS mildest_weight
    FROM failing
    WHERE is_alone
),

named AS (
    SELECT
        t.rule_key,
        t.course_key,
        CAST(FLOOR(t.mildest_end / 1e12) AS INTEGER) AS severity_rank,
        CAST(FLOOR(t.mildest_weight / 1e12) AS INTEGER) AS mildest_rank,
        t.regimen_key,
        t.reading,
        t.part,
        CAST(FLOOR(t.grade / 1e12) AS INTEGER) AS own_rank,
        f.fault,
        f.clause,
        f.unit,
        f.leeway,
        f.cap
    FROM ranked AS t
    INNER JOIN audit.dose_fault AS f ON CAST(t.grade % 100 AS INTEGER) = f.place
),

limited AS (
    SELECT
        n.*,
        d.patient_key,
        d.weight_kg,
        d.step_g,
        d.n_days,
        -- a course after the span stands alone, but the span is told from its first day
        IF(n.fault = 'stretch_long', d.last_on - d.stretch_days + 1, d.started_on) AS started_on,
        d.last_on,
        d.event_on,
        d.month_over_days,
        d.is_repeat,
        d.n_before,
        d.first_dose_g,
        d.dose_max_g,
        CAST(
            CASE n.fault
                WHEN 'total_high' THEN d.known_dose_g
                WHEN 'total_low' THEN d.dose_g
                WHEN 'day_high' THEN d.max_day_g
                WHEN 'day_low' THEN d.min_day_g
                WHEN 'days_high' THEN d.n_days
                WHEN 'days_low' THEN d.n_days
                WHEN 'days_broken' THEN d.span_days
                WHEN 'gap_short' THEN d.min_gap_days
                WHEN 'gap_long' THEN d.max_gap_days
                WHEN 'stretch_long' THEN d.stretch_days
                WHEN 'interval_early' THEN d.interval_days
                WHEN 'interval_late' THEN d.interval_days
                WHEN 'month_high' THEN d.known_dose_g
                WHEN 'month_low' THEN d.dose_g
                WHEN 'rolling_high' THEN d.grams_28d
                WHEN 'event_missing' THEN d.n_days_linked
                WHEN 'window_early' THEN d.event_days
                WHEN 'window_late' THEN d.event_days
                -- of too much before, one dose counts for two
                WHEN 'repeat_again' THEN GREATEST(d.n_before, 2) + 1
                WHEN 'repeat_early' THEN d.days_between
                WHEN 'repeat_late' THEN d.days_between
            END AS DECIMAL(12, 3)
        ) AS observed,
        CAST(
            CASE n.fault
                WHEN 'total_high' THEN d.total_min_g
                WHEN 'total_low' THEN d.total_min_g
                WHEN 'day_high' THEN d.day_min_g
                WHEN 'day_low' THEN d.day_min_g
                WHEN 'days_high' THEN d.days_min
                WHEN 'days_low' THEN d.days_min
                WHEN 'gap_short' THEN d.gap_min_days
                WHEN 'gap_long' THEN d.gap_min_days
                WHEN 'interval_early' THEN d.interval_min_days
                WHEN 'interval_late' THEN d.interval_min_days
                WHEN 'month_high' THEN d.month_min_g * d.month_over_days / d.month_days
                WHEN 'month_low' THEN d.month_min_g * d.month_over_days / d.month_days
                WHEN 'event_missing' THEN d.n_event_days
                WHEN 'window_early' THEN d.from_event_min_days
                WHEN 'window_late' THEN d.from_event_min_days
                WHEN 'repeat_early' THEN d.repeat_from_days
                WHEN 'repeat_late' THEN d.repeat_from_days
            END AS DECIMAL(12, 3)
        ) AS limit_low,
        CAST(
            CASE n.fault
                WHEN 'total_high' THEN d.total_max_g
                WHEN 'total_low' THEN d.total_max_g
                WHEN 'day_high' THEN d.day_max_g
                WHEN 'day_low' THEN d.day_max_g
                WHEN 'days_high' THEN d.days_max
                WHEN 'days_low' THEN d.days_max
                WHEN 'days_broken' THEN d.n_days
                WHEN 'gap_short' THEN d.gap_max_days
                WHEN 'gap_long' THEN d.gap_max_days
                WHEN 'stretch_long' THEN d.stretch_max_days
                WHEN 'interval_early' THEN d.interval_max_days
                WHEN 'interval_late' THEN d.interval_max_days
                WHEN 'month_high' THEN d.month_max_g * d.month_over_days / d.month_days
                WHEN 'month_low' THEN d.month_max_g * d.month_over_days / d.month_days
                WHEN 'rolling_high' THEN d.rolling_max_g
                WHEN 'window_early' THEN d.from_event_max_days
                WHEN 'window_late' THEN d.from_event_max_days
                WHEN 'repeat_again' THEN 2
                WHEN 'repeat_early' THEN d.repeat_to_days
                WHEN 'repeat_late' THEN d.repeat_to_days
            END AS DECIMAL(12, 3)
        ) AS limit_high,
        (
            n.fault = 'total_high' AND d.total_max_g = d.course_cap_g
            OR n.fault = 'day_high' AND d.day_max_g = d.day_cap_g
        ) IS TRUE AS is_cap,
        -- grams of 28 days, or of dose and repeat, against what those may hold
        CAST(
            IF(n.fault = 'interval_early', d.grams_28d, d.accrued_g) AS DECIMAL(12, 3)
        ) AS accrued_g,
        CAST(
            IF(n.fault = 'interval_early', d.total_max_g * d.n_courses_28d, d.allowed_g)
            AS DECIMAL(15, 6)
        ) AS allowed_g,
        CASE n.fault
            WHEN 'interval_early' THEN d.is_interval_grams_high
            WHEN 'repeat_early' THEN d.is_repeat_grams_high
            ELSE FALSE
        END AS is_grams_high
    FROM named AS n
    INNER JOIN audit.compared AS d
        ON
            n.rule_key = d.rule_key
            AND n.regimen_key = d.regimen_key
            AND n.course_key = d.course_key
            AND n.reading = d.reading
            AND n.part = d.part
    WHERE d.weight_role = 'policy'
)

SELECT
    l.*, -- the facts stay beside their limits -- noqa: AM04
    c.episode_key,
    c.interval_status,
    c.interval_days,
    -- intervals and windows are counted to the start of the course, repeats to that of the part
    IF(l.reading > 0, l.started_on, c.started_on) AS begun_on,
    c.started_on - w.days_after_first AS episode_begun_on,
    CASE
        WHEN l.reading > 0 AND l.part = 1
            THEN 'read as a dose up to ' || l.last_on || ', and its repeat'
        WHEN l.reading > 0
            THEN
                'read as the repeat, from ' || l.started_on || ', of the dose begun on '
                || c.started_on
        WHEN l.is_repeat THEN 'read as the repeat of the dose begun on ' || episode_begun_on
        WHEN l.started_on < c.started_on
            THEN 'counted with the courses of the episode since ' || l.started_on
    END AS read_as,
    l.is_repeat AND g.repeat_g_per_kg IS NOT NULL AS is_other_dose,
    g.* EXCLUDE (rule_key, regimen_key), -- the figures of the way -- noqa: RF02,AM04
    p.month_days,
    p.event_link_days
FROM limited AS l
INNER JOIN derived.course AS c ON l.course_key = c.course_key
INNER JOIN audit.dose_way AS g ON l.regimen_key = g.regimen_key
CROSS JOIN guideline.policy AS p
LEFT JOIN audit.course_follow AS w ON l.course_key = w.course_key
