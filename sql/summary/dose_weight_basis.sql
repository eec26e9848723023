-- One row per weight (the set's own, actual, ideal, adjusted): the grams of closed courses had the
-- same grams per kg been ordered by it, and the most the first set allows by it. All four over the
-- same courses, those where every one of them is known, so that they may be laid side by side.
WITH known AS (
    SELECT *
    FROM report.dose_weight
    WHERE COALESCE(same_policy_g + same_actual_g + same_ideal_g + same_adjusted_g) IS NOT NULL
),

listed AS (
    SELECT
        dose_g,
        UNNEST(['policy', 'actual', 'ideal', 'adjusted']) AS weight_basis,
        UNNEST([same_policy_g, same_actual_g, same_ideal_g, same_adjusted_g]) AS same_g,
        UNNEST([most_policy_g, most_actual_g, most_ideal_g, most_adjusted_g]) AS most_g,
        most_policy_g + most_actual_g + most_ideal_g + most_adjusted_g IS NOT NULL AS is_limited
    FROM known
)

SELECT
    weight_basis,
    COUNT(*) AS n_courses,
    SUM(dose_g) AS dose_g,
    SUM(same_g) AS same_g,
    COUNT(*) FILTER (WHERE is_limited) AS n_limited,
    SUM(dose_g) FILTER (WHERE is_limited) AS limited_dose_g,
    CAST(SUM(most_g) FILTER (WHERE is_limited) AS DECIMAL(18, 3)) AS most_g
FROM listed
GROUP BY weight_basis
