-- One row per rule and course that it judged (met or breached): the most the rule allows in grams,
-- by each weight; and by the weight of the set, rounded as the set rounds, never below the floor,
-- which takes whole vials too: what no vials make cannot be spared.
-- Of the rule's permitted ways to dose the one that allows most counts, but for the other steps of
-- a schedule. A day is not held against a course: grams a day times the days they may be given for.
-- An interval shorter than permitted takes no grams away: that is not a matter of weight.
-- Rounded up, a total is so day by day, for every day is made of whole vials; the other ways round
-- the total once, and never to nothing.
-- NULL grams: no upper limit (`is_limited` false), or a way lacks what it is reckoned from
-- (`is_unknown`). A working table.
WITH way AS (
    SELECT
        *,
        COALESCE(treatment_min_months, treatment_max_months) IS NOT NULL AS is_step,
        COALESCE(repeat_min_days, repeat_max_days) IS NOT NULL AS has_repeat,
        COALESCE(
            total_max_g_per_kg, day_max_g_per_kg, day_cap_g, month_max_g_per_kg, max_g_per_kg_28d,
            course_cap_g
        ) IS NOT NULL AS is_limited,
        -- days without a number: as many as were given, where nothing else limits the course
        COALESCE(total_max_g_per_kg, month_max_g_per_kg, max_g_per_kg_28d, course_cap_g) IS NULL
            AS is_by_day_alone
    FROM guideline.regimen
),

repeated AS (
    -- dates cannot tell hours: half a day is given to either end
    SELECT DISTINCT
        g.regimen_key,
        a.course_key
    FROM temp.dose_asked AS a
    INNER JOIN way AS g ON a.rule_key = g.rule_key
    INNER JOIN derived.session AS s ON a.course_key = s.course_key
    WHERE
        g.has_repeat
        AND s.started_on > a.started_on
        AND (s.started_on - a.started_on < FLOOR(g.repeat_min_days)) IS NOT TRUE
        AND (s.started_on - a.started_on > CEIL(g.repeat_max_days)) IS NOT TRUE
),

-- A limit is grams per kg or grams: the least of each, so that only these two meet the weight.
-- A cap without a floor is no floor.
limited AS (
    SELECT
        a.*,
        g.is_limited,
        p.course_key IS NOT NULL AS is_repeated,
        COALESCE(g.days_max, IF(g.is_by_day_alone, a.n_days, NULL)) AS n_days_allowed,
        GREATEST(
            CASE WHEN a.interval_status = 'known' THEN a.interval_days END, g.interval_max_days
        ) / a.month_days AS n_months,
        LEAST(
            CAST(g.total_max_g_per_kg AS DECIMAL(9, 4)),
            CAST(g.day_max_g_per_kg * n_days_allowed AS DECIMAL(9, 4)),
            CAST(g.month_max_g_per_kg * n_months AS DECIMAL(9, 4)),
            CAST(g.max_g_per_kg_28d AS DECIMAL(9, 4))
        ) AS most_g_per_kg,
        CAST(LEAST(g.day_cap_g * n_days_allowed, g.course_cap_g) AS DECIMAL(9, 3)) AS cap_g,
        COALESCE(
            CAST(g.total_min_g_per_kg AS DECIMAL(9, 4)),
            CAST(g.day_min_g_per_kg * COALESCE(g.days_min, 1) AS DECIMAL(9, 4)),
            CAST(g.month_min_g_per_kg * n_months AS DECIMAL(9, 4))
        ) AS floor_g_per_kg,
        CAST(
            LEAST(
                g.day_cap_g
                * IF(
                    g.total_min_g_per_kg IS NULL AND g.day_min_g_per_kg IS NOT NULL,
                    COALESCE(g.days_min, 1),
                    g.days_max
                ),
                g.course_cap_g
            ) AS DECIMAL(9, 3)
        ) AS floor_cap_g,
        g.repeat_g_per_kg
    FROM temp.dose_asked AS a
    INNER JOIN way AS g ON a.rule_key = g.rule_key
    LEFT JOIN repeated AS p ON g.regimen_key = p.regimen_key AND a.course_key = p.course_key
    WHERE
        a.status IN ('met', 'breached')
        AND (NOT g.is_step OR g.regimen_key = a.regimen_key)
),

weighed AS (
    SELECT
        l.*,
        o.weight,
        o.weight IN ('upper', 'lenient') AS is_rounded,
        CASE o.weight
            WHEN 'policy' THEN l.policy_kg
            WHEN 'upper' THEN l.upper_kg
            WHEN 'lenient' THEN l.lenient_kg
            WHEN 'actual' THEN l.actual_kg
            WHEN 'ideal' THEN l.ideal_kg
            WHEN 'adjusted' THEN l.adjusted_kg
        END AS kg
    FROM limited AS l
    CROSS JOIN (
        VALUES ('policy'), ('upper'), ('lenient'), ('actual'), ('ideal'), ('adjusted')
    ) AS o (weight)
),

-- LEAST passes over a NULL, so a weight that is not known must stay so
bounded AS (
    SELECT
        *,
        IF(kg IS NULL, NULL, CAST(LEAST(most_g_per_kg * kg, cap_g) AS DECIMAL(13, 6))) AS once_g,
        IF(
            kg IS NULL OR floor_g_per_kg IS NULL OR NOT is_rounded,
            NULL,
            CAST(LEAST(floor_g_per_kg * kg, floor_cap_g) AS DECIMAL(13, 6))
        ) AS floor_g,
        CAST(repeat_g_per_kg * kg AS DECIMAL(13, 6)) AS repeat_g
    FROM weighed
),

-- a repeat may have a dose of its own, and a course may be that repeat
summed AS (
    SELECT
        *,
        CAST(
            CASE
                WHEN once_g IS NULL THEN NULL
                WHEN is_repeated THEN once_g + COALESCE(repeat_g, once_g)
                ELSE GREATEST(once_g, repeat_g)
            END AS DECIMAL(13, 6)
        ) AS most_g
    FROM bounded
),

-- a small dose that is rounded down may be made of the small vials, beside one whole one
rounded AS (
    SELECT
        *,
        (most_g < small_below_g) IS TRUE AND rounding = 'down' AS is_small,
        CASE
            WHEN NOT is_rounded THEN NULL
            WHEN rounding = 'up' THEN most_g + (round_g - most_g % round_g) % round_g
            -- twice over, so that half a step stays a decimal
            WHEN rounding = 'nearest'
                THEN (2 * most_g + round_g - (2 * most_g + round_g) % (2 * round_g)) * 0.5
            WHEN is_small AND most_g >= round_g
                THEN most_g - LEAST(most_g % small_step_g, (most_g - round_g) % small_step_g)
            WHEN is_small THEN most_g - most_g % small_step_g
            ELSE most_g - most_g % round_g
        END AS rounded_g
    FROM summed
),

allowed AS (
    SELECT
        rule_key,
        course_key,
        weight,
        is_limited,
        most_g,
        IF(
            rounded_g IS NULL,
            NULL,
            CAST(
                GREATEST(
                    rounded_g,
                    IF(is_small, small_step_g, round_g),
                    floor_g + (vial_step_g - floor_g % vial_step_g) % vial_step_g
                ) AS DECIMAL(12, 3)
            )
        ) AS allowed_g
    FROM rounded
)

SELECT
    rule_key,
    course_key,
    BOOL_AND(is_limited) AS is_limited,
    BOOL_OR(is_limited AND allowed_g IS NULL AND weight = 'lenient') AS is_unknown,
    MAX(most_g) FILTER (WHERE weight = 'policy') AS most_policy_g,
    MAX(most_g) FILTER (WHERE weight = 'actual') AS most_actual_g,
    MAX(most_g) FILTER (WHERE weight = 'ideal') AS most_ideal_g,
    MAX(most_g) FILTER (WHERE weight = 'adjusted') AS most_adjusted_g,
    MAX(allowed_g) FILTER (WHERE weight = 'upper') AS allowed_g,
    MAX(allowed_g) FILTER (WHERE weight = 'lenient') AS lenient_g
FROM allowed
GROUP BY rule_key, course_key
