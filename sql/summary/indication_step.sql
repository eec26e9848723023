-- One row per indication (NULL: unknown) and step of time (month, quarter, year or decade of the
-- period), also where nothing was given; per indication one for the period (`step` `all`), and the
-- same for all indications together (`is_total`). `shade`: the quarter of the largest single cell
-- that the grams lie in, 0 for none; the grams are printed beside it. `row_g`: those of the period.
WITH monthly AS (
    SELECT
        indication_code,
        CAST(DATE_TRUNC('month', started_on) AS DATE) AS month_on,
        SUM(dose_g) AS grams,
        COUNT(*) AS n_infusions
    FROM temp.counted_infusion
    GROUP BY ALL
),

indicated AS (
    SELECT DISTINCT indication_code
    FROM monthly
),

cell AS (
    SELECT
        i.indication_code,
        t.step,
        t.begins_on,
        t.is_partial,
        GROUPING(i.indication_code) = 1 AS is_total,
        SUM(m.grams) AS grams,
        -- no infusion is none: a true zero
        CASE WHEN COUNT(m.month_on) = 0 THEN 0 ELSE SUM(m.n_infusions) END AS n_infusions
    FROM indicated AS i
    CROSS JOIN temp.time_step AS t
    LEFT JOIN monthly AS m
        ON
            i.indication_code IS NOT DISTINCT FROM m.indication_code
            AND DATE_TRUNC('month', t.from_on) <= m.month_on
            AND t.to_on >= m.month_on
    GROUP BY
        GROUPING SETS (
            (i.indication_code, t.step, t.begins_on, t.is_partial),
            (t.step, t.begins_on, t.is_partial)
        )
),

shaded AS (
    SELECT
        *,
        MAX(grams) FILTER (WHERE step <> 'all' AND NOT is_total) OVER () AS most_g
    FROM cell
)

SELECT
    s.indication_code,
    n.name,
    s.is_total,
    s.step,
    s.begins_on,
    s.is_partial,
    CASE WHEN s.n_infusions = 0 THEN 0 ELSE s.grams END AS grams,
    s.n_infusions,
    CASE
        WHEN s.step <> 'all' AND NOT s.is_total AND s.grams > 0
            THEN CAST(CEIL(s.grams * 4 / s.most_g) AS INTEGER)
        ELSE 0
    END AS shade,
    SUM(s.grams) FILTER (WHERE s.step = 'all') OVER (
        PARTITION BY s.is_total, s.indication_code
    ) AS row_g
FROM shaded AS s
LEFT JOIN guideline.indication AS n ON s.indication_code = n.indication_code
