-- One row per closed course with a verdict of the first set on its dose: the most its rules allow,
-- by each weight; and by the weight of the set (`upper` its own, `lenient` the heaviest it may
-- mean) as the set rounds, never below the floor, which takes whole vials too: what no vials make
-- cannot be spared.
-- Of the rules, and of their permitted ways to dose, the one that allows most counts, but for the
-- other steps of a schedule; of equals the first rule.
-- Rounded up, a total is so day by day, for every day is made of whole vials; the other ways round
-- the total once, and never to nothing.
-- NULL grams: no upper limit (`is_unlimited`), or a way lacks what it is reckoned from (`gap`).
-- LEAST passes over a NULL, so a weight that is not known must stay so.
-- A column for each weight, not a row: six times the rows took twice the time. A working table.
WITH bounded AS (
    SELECT
        *,
        IF(policy_kg IS NULL, NULL, CAST(LEAST(most_g_per_kg * policy_kg, cap_g) AS DECIMAL(13, 6)))
            AS once_policy_g,
        IF(actual_kg IS NULL, NULL, CAST(LEAST(most_g_per_kg * actual_kg, cap_g) AS DECIMAL(13, 6)))
            AS once_actual_g,
        IF(ideal_kg IS NULL, NULL, CAST(LEAST(most_g_per_kg * ideal_kg, cap_g) AS DECIMAL(13, 6)))
            AS once_ideal_g,
        IF(
            adjusted_kg IS NULL,
            NULL,
            CAST(LEAST(most_g_per_kg * adjusted_kg, cap_g) AS DECIMAL(13, 6))
        )
            AS once_adjusted_g,
        IF(upper_kg IS NULL, NULL, CAST(LEAST(most_g_per_kg * upper_kg, cap_g) AS DECIMAL(13, 6)))
            AS once_upper_g,
        IF(
            lenient_kg IS NULL,
            NULL,
            CAST(LEAST(most_g_per_kg * lenient_kg, cap_g) AS DECIMAL(13, 6))
        )
            AS once_lenient_g,
        CAST(repeat_g_per_kg * policy_kg AS DECIMAL(13, 6)) AS repeat_policy_g,
        CAST(repeat_g_per_kg * actual_kg AS DECIMAL(13, 6)) AS repeat_actual_g,
        CAST(repeat_g_per_kg * ideal_kg AS DECIMAL(13, 6)) AS repeat_ideal_g,
        CAST(repeat_g_per_kg * adjusted_kg AS DECIMAL(13, 6)) AS repeat_adjusted_g,
        CAST(repeat_g_per_kg * upper_kg AS DECIMAL(13, 6)) AS repeat_upper_g,
        CAST(repeat_g_per_kg * lenient_kg AS DECIMAL(13, 6)) AS repeat_lenient_g
    FROM temp.dose_limit
),

-- a repeat may have a dose of its own, and a course may be that repeat
summed AS (
    SELECT
        *,
        CASE
            WHEN once_policy_g IS NULL THEN NULL
            WHEN is_repeated THEN once_policy_g + COALESCE(repeat_policy_g, once_policy_g)
            ELSE GREATEST(once_policy_g, repeat_policy_g)
        END AS most_policy_g,
        CASE
            WHEN once_actual_g IS NULL THEN NULL
            WHEN is_repeated THEN once_actual_g + COALESCE(repeat_actual_g, once_actual_g)
            ELSE GREATEST(once_actual_g, repeat_actual_g)
        END AS most_actual_g,
        CASE
            WHEN once_ideal_g IS NULL THEN NULL
            WHEN is_repeated THEN once_ideal_g + COALESCE(repeat_ideal_g, once_ideal_g)
            ELSE GREATEST(once_ideal_g, repeat_ideal_g)
        END AS most_ideal_g,
        CASE
            WHEN once_adjusted_g IS NULL THEN NULL
            WHEN is_repeated THEN once_adjusted_g + COALESCE(repeat_adjusted_g, once_adjusted_g)
            ELSE GREATEST(once_adjusted_g, repeat_adjusted_g)
        END AS most_adjusted_g,
        CASE
            WHEN once_upper_g IS NULL THEN NULL
            WHEN is_repeated THEN once_upper_g + COALESCE(repeat_upper_g, once_upper_g)
            ELSE GREATEST(once_upper_g, repeat_upper_g)
        END AS most_upper_g,
        CASE
            WHEN once_lenient_g IS NULL THEN NULL
            WHEN is_repeated THEN once_lenient_g + COALESCE(repeat_lenient_g, once_lenient_g)
            ELSE GREATEST(once_lenient_g, repeat_lenient_g)
        END AS most_lenient_g
    FROM bounded
),

weighed AS (
    SELECT
        s.*,
        o.weight,
        CAST(IF(o.weight = 'upper', s.most_upper_g, s.most_lenient_g) AS DECIMAL(13, 6)) AS most_g,
        IF(o.weight = 'upper', s.upper_kg, s.lenient_kg) AS kg,
        IF(
            kg IS NULL OR s.floor_g_per_kg IS NULL,
            NULL,
            CAST(LEAST(s.floor_g_per_kg * kg, s.floor_cap_g) AS DECIMAL(13, 6))
        ) AS floor_g
    FROM summed AS s
    CROSS JOIN (VALUES ('upper'), ('lenient')) AS o (weight)
),

-- a small dose that is rounded down may be made of the small vials, beside one whole one
rounded AS (
    SELECT
        *,
        most_g + most_g + round_g AS twice_g,
        (most_g < small_below_g) IS TRUE AND rounding = 'down' AS is_small,
        CASE
            WHEN rounding = 'up' THEN most_g + (round_g - most_g % round_g) % round_g
            -- twice over, so that half a step stays a decimal
            WHEN rounding = 'nearest'
                THEN (twice_g - twice_g % (round_g + round_g)) * 0.5
            WHEN is_small AND most_g >= round_g
                THEN most_g - LEAST(most_g % small_step_g, (most_g - round_g) % small_step_g)
            WHEN is_small THEN most_g - most_g % small_step_g
            ELSE most_g - most_g % round_g
        END AS rounded_g
    FROM weighed
),

allowed AS (
    SELECT
        *,
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
    course_key,
    MAX(
        { 'lenient_g': allowed_g, 'place': -rule_key, 'is_countable': is_countable }
    ) FILTER (WHERE weight = 'lenient' AND allowed_g IS NOT NULL) AS most,
    MAX(allowed_g) FILTER (WHERE weight = 'upper') AS allowed_g,
    CAST(MAX(most_policy_g) AS DECIMAL(13, 6)) AS most_policy_g,
    CAST(MAX(most_actual_g) AS DECIMAL(13, 6)) AS most_actual_g,
    CAST(MAX(most_ideal_g) AS DECIMAL(13, 6)) AS most_ideal_g,
    CAST(MAX(most_adjusted_g) AS DECIMAL(13, 6)) AS most_adjusted_g,
    BOOL_OR(NOT is_limited) IS TRUE AS is_unlimited,
    MIN(rule_key) FILTER (WHERE NOT is_limited) AS unlimited_rule_key,
    BOOL_OR(cap = 'weight_contradicted') IS TRUE AS is_contradicted,
    BOOL_OR(cap = 'bag_charted_twice') IS TRUE AS is_charted_twice,
    MIN(gap) FILTER (WHERE weight = 'lenient' AND is_limited AND allowed_g IS NULL) AS gap,
    CAST(MIN(reason) FILTER (WHERE status = 'not_assessable') AS VARCHAR) AS doubt,
    CAST(MIN(reason) FILTER (WHERE status = 'not_applicable') AS VARCHAR) AS silence
FROM allowed
GROUP BY course_key
