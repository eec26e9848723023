-- One row per session and product that a rule on rates names: how fast it ran, as far as the
-- records show. All rates are milligrams an hour. What was charted in millilitres is multiplied by
-- the concentration; a mean over time is a rate below which the true peak cannot lie.
-- Where grams and volume of a bag tell different doses, the smaller one counts.
-- Most sessions are a single bag and need no gathering. The course's indication and actual weight,
-- at both ends of its range† where it is old, stand beside.
WITH ruled AS (
    SELECT DISTINCT
        p.product_id,
        g.concentration_g_per_l
    FROM guideline.rate_rule AS l
    INNER JOIN guideline.rule_product AS p ON l.rule_key = p.rule_key
    INNER JOIN guideline.product AS g ON p.product_id = g.product_id
),

step AS (
    SELECT
        t.infusion_key,
        MAX(t.rate_ml_per_h) AS highest_ml_per_h,
        -- what was set in the first minutes† is the rate it started with
        ARG_MIN(t.rate_ml_per_h, t.changed_at) FILTER (
            WHERE t.rate_ml_per_h > 0
            AND t.changed_at <= i.started_at + TO_MINUTES(p.rate_start_minutes)
        ) AS first_ml_per_h
    FROM staged.rate_step AS t
    INNER JOIN staged.infusion AS i ON t.infusion_key = i.infusion_key
    CROSS JOIN guideline.policy AS p
    GROUP BY t.infusion_key
),

charted AS (
    SELECT
        i.infusion_key,
        i.volume_ml,
        i.is_time_ambiguous,
        GREATEST(i.max_rate_ml_per_h, t.highest_ml_per_h) AS highest_ml_per_h,
        COALESCE(i.initial_rate_ml_per_h, t.first_ml_per_h) AS initial_ml_per_h
    FROM staged.infusion AS i
    LEFT JOIN step AS t ON i.infusion_key = t.infusion_key
),

poured AS (
    SELECT
        d.infusion_key,
        d.session_key,
        d.product_id,
        d.started_at,
        d.ended_at,
        d.is_dose_uncertain,
        c.is_time_ambiguous,
        c.highest_ml_per_h,
        c.initial_ml_per_h,
        CASE
            WHEN d.is_dose_uncertain
                THEN LEAST(d.dose_g * 1000, c.volume_ml * r.concentration_g_per_l)
            WHEN d.dose_g IS NULL THEN c.volume_ml * r.concentration_g_per_l
            ELSE d.dose_g * 1000
        END AS given_mg,
        -- a diluted bag holds less in every millilitre
        CASE
            WHEN r.concentration_g_per_l IS NOT NULL AND NOT d.is_dose_uncertain
                THEN r.concentration_g_per_l
            ELSE
                LEAST(
                    r.concentration_g_per_l,
                    CASE
                        WHEN c.volume_ml > 0
                            THEN CAST(
                                FLOOR(d.dose_g * 1000000 / c.volume_ml) / 1000 AS DECIMAL(9, 3)
                            )
                    END
                )
        END AS mg_per_ml
    FROM derived.infusion AS d
    INNER JOIN ruled AS r ON d.product_id = r.product_id
    INNER JOIN charted AS c ON d.infusion_key = c.infusion_key
    WHERE d.record = 'infusion' AND d.session_key IS NOT NULL
),

bag AS (
    SELECT
        b.infusion_key,
        b.session_key,
        b.product_id,
        b.started_at,
        b.ended_at,
        b.is_dose_uncertain,
        -- an hour that the clocks showed twice: how long the session ran is not known
        BOOL_OR(b.is_time_ambiguous) OVER (PARTITION BY b.session_key) IS TRUE AS is_untimed,
        CAST(b.given_mg AS DECIMAL(18, 6)) AS given_mg,
        b.mg_per_ml,
        b.highest_ml_per_h,
        b.initial_ml_per_h,
        s.n_infusions
    FROM poured AS b
    INNER JOIN derived.session AS s ON b.session_key = s.session_key
),

gathered AS (
    SELECT
        session_key,
        product_id,
        TRUE AS is_first,
        given_mg,
        highest_ml_per_h * mg_per_ml AS charted_mg_per_h,
        highest_ml_per_h AS charted_ml_per_h,
        highest_ml_per_h * mg_per_ml IS NOT NULL AS is_charted,
        initial_ml_per_h * mg_per_ml AS initial_mg_per_h,
        initial_ml_per_h,
        mg_per_ml,
        is_dose_uncertain,
        is_untimed
    FROM bag
    WHERE n_infusions = 1
    UNION ALL
    SELECT
        session_key,
        product_id,
        -- only the first bag of a session starts it
        BOOL_OR(infusion_key = session_key) AS is_first,
        CAST(SUM(given_mg) AS DECIMAL(18, 6)) AS given_mg,
        MAX(highest_ml_per_h * mg_per_ml) AS charted_mg_per_h,
        MAX(highest_ml_per_h) AS charted_ml_per_h,
        COUNT(highest_ml_per_h * mg_per_ml) = COUNT(*) AS is_charted,
        MAX(CASE WHEN infusion_key = session_key THEN initial_ml_per_h * mg_per_ml END)
            AS initial_mg_per_h,
        MAX(CASE WHEN infusion_key = session_key THEN initial_ml_per_h END) AS initial_ml_per_h,
        MIN(mg_per_ml) AS mg_per_ml,
        BOOL_OR(is_dose_uncertain) AS is_dose_uncertain,
        BOOL_OR(is_untimed) AS is_untimed
    FROM bag
    WHERE n_infusions > 1
    GROUP BY session_key, product_id
),

several AS (
    SELECT *
    FROM bag
    WHERE
        n_infusions > 1
        AND NOT is_untimed
        AND started_at IS NOT NULL
        AND ended_at IS NOT NULL
),

stretch AS (
    -- what ran wholly between the start of one bag and the end of another, side by side or in turn
    SELECT
        a.session_key,
        a.product_id,
        DATE_DIFF('second', a.started_at, b.ended_at) AS seconds,
        CAST(SUM(c.given_mg) AS DECIMAL(18, 6)) AS given_mg
    FROM several AS a
    INNER JOIN several AS b
        ON
            a.session_key = b.session_key
            AND a.product_id = b.product_id
            AND a.started_at < b.ended_at
    INNER JOIN several AS c
        ON
            a.session_key = c.session_key
            AND a.product_id = c.product_id
            AND a.started_at <= c.started_at
            AND b.ended_at >= c.ended_at
    GROUP BY a.session_key, a.product_id, a.infusion_key, b.infusion_key, a.started_at, b.ended_at
),

busiest AS (
    SELECT
        session_key,
        product_id,
        MAX(FLOOR(CAST(given_mg AS DOUBLE) * 3600000 / seconds)) AS microgram_per_h,
        ARG_MAX(
            { 'given_mg': given_mg, 'seconds': seconds },
            { 'rate': FLOOR(CAST(given_mg AS DOUBLE) * 3600000 / seconds), 'seconds': seconds }
        ) AS ran
    FROM stretch
    GROUP BY session_key, product_id
),

averaged AS (
    SELECT
        g.*,
        s.course_key,
        s.patient_key,
        s.started_on,
        COALESCE(s.started_at, CAST(s.started_on AS TIMESTAMP)) AS moment,
        CASE
            WHEN s.duration_h > 0 AND NOT g.is_untimed
                THEN DATE_DIFF('second', s.started_at, s.ended_at)
        END AS seconds
    FROM gathered AS g
    INNER JOIN derived.session AS s ON g.session_key = s.session_key
),

weighed AS (
    -- an old weight is taken at both ends of its range†
    SELECT
        c.course_key,
        c.indication_code,
        c.started_on AS course_started_on,
        CASE
            WHEN w.is_stale
                THEN CAST(w.actual_kg * (1 - p.weight_sensitivity) AS DECIMAL(9, 3))
            ELSE w.actual_kg
        END AS low_kg,
        CASE
            WHEN w.is_stale
                THEN CAST(w.actual_kg * (1 + p.weight_sensitivity) AS DECIMAL(9, 3))
            ELSE w.actual_kg
        END AS high_kg
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS p
    LEFT JOIN derived.course_weight AS w ON c.course_key = w.course_key
    WHERE c.is_in_period
)

SELECT
    a.*,
    CAST(FLOOR(CAST(a.given_mg AS DOUBLE) * 3600000 / a.seconds) / 1000 AS DECIMAL(18, 6))
        AS mean_mg_per_h,
    CAST(b.microgram_per_h / 1000 AS DECIMAL(18, 6)) AS part_mg_per_h,
    b.ran['given_mg'] AS part_given_mg,
    b.ran['seconds'] AS part_seconds,
    w.indication_code,
    w.course_started_on,
    w.low_kg,
    w.high_kg
FROM averaged AS a
INNER JOIN weighed AS w ON a.course_key = w.course_key
LEFT JOIN busiest AS b ON a.session_key = b.session_key AND a.product_id = b.product_id
