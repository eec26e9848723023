-- One row per rule on rates, product, indication on record and history (`first later`, NULL where
-- it is unknown or does not matter): the limits that may hold, each a STRUCT of what is printed.
-- `low` is the strictest and `high` the most lenient that may hold; they differ where indication or
-- history are unknown. `eased` holds under a condition that no record knows, `risk` in a patient at
-- risk. A use the label does not name has no `low`; `highest` is the most it prints for any use.
-- `per_kg` is the limit in milligrams per kilogram and hour. `rise` is the largest step, and the
-- minutes are the least before the first and any later step; NULL where the label has none.
-- `least_per_kg` is the smallest limit that may matter: a slower rate needs no second look.
WITH printed AS (
    SELECT
        u.rule_key,
        l.product_id,
        l.what,
        l.indication_code,
        l.tier,
        l.risks,
        l.min_age_years,
        l.minutes,
        l.value,
        l.unit,
        l.comparator = '<' AS is_strict,
        -- milligrams an hour that one of the printed unit makes
        CAST(
            CASE l.unit
                WHEN 'mg/kg/min' THEN 60
                WHEN 'ml/kg/h' THEN g.concentration_g_per_l
                WHEN 'ml/kg/min' THEN 60 * g.concentration_g_per_l
            END AS DECIMAL(9, 3)
        ) AS factor,
        CASE WHEN l.unit != 'mg/kg/min' THEN g.concentration_g_per_l END AS mg_per_ml
    FROM guideline.rate_rule AS u
    INNER JOIN guideline.rule_product AS p ON u.rule_key = p.rule_key
    INNER JOIN guideline.product AS g ON p.product_id = g.product_id
    INNER JOIN guideline.rate_limit AS l
        ON p.product_id = l.product_id AND u.region = l.region
    WHERE (l.what = 'maximum') = (u.part = 'maximum')
),

form AS (
    -- a limit printed in two units is kept when either form of it is
    SELECT
        rule_key,
        product_id,
        what,
        indication_code,
        tier,
        MAX(risks) AS risks,
        MAX(min_age_years) AS min_age_years,
        MIN(minutes) AS minutes,
        ARG_MAX(
            {
                'value': value,
                'unit': unit,
                'is_strict': is_strict,
                'factor': factor,
                'mg_per_ml': mg_per_ml,
                'per_kg': CAST(value * factor AS DECIMAL(9, 3))
            },
            { 'per_kg': value * factor, 'is_lenient': NOT is_strict, 'unit': unit }
        ) FILTER (WHERE factor IS NOT NULL) AS rate,
        MAX(
            { 'per_kg': value * factor, 'is_lenient': NOT is_strict, 'unit': unit }
        ) FILTER (WHERE factor IS NOT NULL) AS leniency
    FROM printed
    GROUP BY rule_key, product_id, what, indication_code, tier
),

label AS (
    SELECT DISTINCT
        rule_key,
        product_id
    FROM form
),

recorded AS (
    SELECT DISTINCT indication_code
    FROM derived.course
),

asked AS (
    SELECT
        p.rule_key,
        p.product_id,
        c.indication_code,
        h.history
    FROM label AS p
    CROSS JOIN recorded AS c
    CROSS JOIN (VALUES ('first'), ('later'), (NULL)) AS h (history)
),

named AS (
    SELECT
        rule_key,
        product_id,
        what,
        tier,
        indication_code
    FROM form
),

matched AS (
    SELECT
        a.rule_key,
        a.product_id,
        a.indication_code,
        a.history,
        CASE
            WHEN f.what = 'step' THEN 'step'
            WHEN f.tier IN ('first', 'later') THEN 'general'
            ELSE f.tier
        END AS tier,
        f.what,
        f.risks,
        f.min_age_years,
        f.minutes,
        f.rate,
        f.leniency,
        CASE
            WHEN a.indication_code IS NULL OR f.indication_code = a.indication_code THEN TRUE
            ELSE f.indication_code = 'any' AND n.tier IS NULL
        END AS is_for_it
    FROM asked AS a
    INNER JOIN form AS f ON a.rule_key = f.rule_key AND a.product_id = f.product_id
    -- what the label says of the indication goes before what it says of any
    LEFT JOIN named AS n
        ON
            f.rule_key = n.rule_key
            AND f.product_id = n.product_id
            AND f.what = n.what
            AND f.tier = n.tier
            AND a.indication_code = n.indication_code
    WHERE a.history IS NULL OR f.tier NOT IN ('first', 'later') OR f.tier = a.history
)

SELECT
    rule_key,
    product_id,
    indication_code,
    history,
    ARG_MIN(
        rate, leniency
    ) FILTER (WHERE is_for_it AND tier = 'general') AS low,
    ARG_MAX(
        rate, leniency
    ) FILTER (WHERE is_for_it AND tier = 'general') AS high,
    ARG_MAX(
        rate, leniency
    ) FILTER (WHERE tier IN ('general', 'tolerated')) AS highest,
    ARG_MAX(
        rate, leniency
    ) FILTER (WHERE is_for_it AND tier = 'tolerated') AS eased,
    MAX(min_age_years) FILTER (WHERE is_for_it AND tier = 'tolerated') AS eased_min_age_years,
    ARG_MIN(
        rate, leniency
    ) FILTER (WHERE is_for_it AND tier = 'at_risk') AS risk,
    MIN(rate['per_kg']) FILTER (WHERE is_for_it AND tier IN ('general', 'at_risk'))
        AS least_per_kg,
    MAX(rate['per_kg']) FILTER (WHERE tier IN ('general', 'tolerated')) AS highest_per_kg,
    STRING_AGG(risks, ' ' ORDER BY risks) FILTER (WHERE is_for_it AND tier = 'at_risk') AS risks,
    ARG_MAX(
        rate, leniency
    ) FILTER (WHERE tier = 'step' AND rate IS NOT NULL) AS rise,
    -- where the history is unknown, the shorter wait
    COALESCE(
        MIN(minutes) FILTER (WHERE what = 'initial'), MIN(minutes) FILTER (WHERE what = 'step')
    ) AS first_minutes,
    MIN(minutes) FILTER (WHERE what = 'step') AS step_minutes
FROM matched
GROUP BY rule_key, product_id, indication_code, history
