-- One row per session, product and rise of the rate that was charted as a step: how long the rate
-- before it had run and by how much it rose. A rate taken up again after a pause is no rise.
WITH ruled AS (
    SELECT DISTINCT p.product_id
    FROM guideline.rate_rule AS l
    INNER JOIN guideline.rule_product AS p ON l.rule_key = p.rule_key
    WHERE l.part = 'start'
),

stepped AS (
    SELECT
        d.session_key,
        d.product_id,
        d.infusion_key,
        t.rate_step_key,
        t.changed_at AS set_at,
        t.rate_ml_per_h
    FROM staged.rate_step AS t
    INNER JOIN derived.infusion AS d ON t.infusion_key = d.infusion_key
    INNER JOIN ruled AS r ON d.product_id = r.product_id
    WHERE d.record = 'infusion' AND d.session_key IS NOT NULL AND t.changed_at IS NOT NULL
),

point AS (
    SELECT
        session_key,
        product_id,
        rate_step_key,
        set_at,
        rate_ml_per_h
    FROM stepped
    UNION ALL
    -- the first bag's own first rate, where it is charted beside the steps
    SELECT DISTINCT
        s.session_key,
        s.product_id,
        NULL AS rate_step_key,
        i.started_at AS set_at,
        i.initial_rate_ml_per_h AS rate_ml_per_h
    FROM stepped AS s
    INNER JOIN staged.infusion AS i ON s.session_key = i.infusion_key
    INNER JOIN derived.infusion AS d
        ON s.session_key = d.infusion_key AND s.product_id = d.product_id
    WHERE i.started_at IS NOT NULL AND i.initial_rate_ml_per_h IS NOT NULL
),

ordered AS (
    SELECT
        *,
        MAX(rate_ml_per_h) OVER (
            PARTITION BY session_key, product_id
            ORDER BY set_at, rate_step_key NULLS FIRST
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS before_ml_per_h
    FROM point
),

rising AS (
    SELECT
        *,
        LAG(set_at) OVER in_time AS before_at,
        LAG(rate_step_key) OVER in_time AS before_key,
        ROW_NUMBER() OVER in_time AS place
    FROM ordered
    WHERE rate_ml_per_h > 0 AND (before_ml_per_h IS NULL OR rate_ml_per_h > before_ml_per_h)
    WINDOW in_time AS (
        PARTITION BY session_key, product_id
        ORDER BY set_at, rate_step_key NULLS FIRST
    )
)

SELECT
    session_key,
    product_id,
    rate_step_key,
    before_key,
    set_at,
    before_at,
    DATE_DIFF('second', before_at, set_at) AS waited_seconds,
    rate_ml_per_h,
    before_ml_per_h,
    place - 1 AS rise_number
FROM rising
WHERE before_at IS NOT NULL
