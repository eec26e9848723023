-- One row per approval that states a dose and course given under it: the grams it allows, in the
-- month and for the product of the course's first infusion. A dose per kg needs the actual weight.
WITH stated AS (
    SELECT
        authorisation_key,
        dose_g,
        dose_g_per_kg
    FROM staged.authorisation
    WHERE decision = 'approved' AND (dose_g IS NOT NULL OR dose_g_per_kg IS NOT NULL)
),

used AS (
    SELECT
        u.infusion_key,
        u.authorisation_key
    FROM staged.infusion AS u
    SEMI JOIN stated AS s ON u.authorisation_key = s.authorisation_key
    UNION ALL
    SELECT
        u.infusion_key,
        d.authorisation_key
    FROM staged.dispensing AS d
    SEMI JOIN stated AS s ON d.authorisation_key = s.authorisation_key
    INNER JOIN staged.infusion AS u ON d.dispensing_key = u.dispensing_key
    WHERE u.authorisation_key IS NULL
),

dosed AS (
    SELECT DISTINCT
        u.authorisation_key,
        i.course_key
    FROM used AS u
    INNER JOIN derived.infusion AS i ON u.infusion_key = i.infusion_key AND i.record = 'infusion'
    WHERE i.course_key IS NOT NULL
)

SELECT
    u.authorisation_key,
    u.course_key,
    f.site_id,
    CASE WHEN g.is_generic IS NOT TRUE THEN f.product_id END AS product_id,
    f.started_on AS entry_on,
    (f.started_on < p.from_on) IS NOT TRUE AND (f.started_on > p.to_on) IS NOT TRUE
        AS is_in_period,
    CAST(COALESCE(s.dose_g, s.dose_g_per_kg * w.actual_kg) AS DECIMAL(12, 3)) AS authorised_g
FROM dosed AS u
CROSS JOIN guideline.policy AS p
INNER JOIN stated AS s ON u.authorisation_key = s.authorisation_key
INNER JOIN derived.infusion AS f ON u.course_key = f.infusion_key AND f.record = 'infusion'
LEFT JOIN guideline.product AS g ON f.product_id = g.product_id
LEFT JOIN derived.course_weight AS w ON u.course_key = w.course_key
