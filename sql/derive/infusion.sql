-- One row per bag or bottle in the records, with its session and course when it counts as IVIG.
WITH belonging AS (
    SELECT
        b.*,
        CASE WHEN b.exclusion IS NULL THEN COALESCE(s.session_key, b.infusion_key) END
            AS session_key
    FROM temp.bag AS b
    LEFT JOIN temp.bag_session AS s ON b.infusion_key = s.infusion_key
)

SELECT
    b.infusion_key,
    b.record,
    b.patient_key,
    b.product_id,
    b.route,
    b.is_route_conflict,
    b.started_at,
    b.started_on,
    b.ended_at,
    b.ended_on,
    b.dose_g,
    b.exclusion,
    b.is_dose_uncertain,
    b.authorisation_key,
    b.site_id,
    b.vial_step_g,
    b.weight_kg,
    b.session_key,
    COALESCE(c.course_key, b.session_key) AS course_key
FROM belonging AS b
LEFT JOIN temp.session_course AS c ON b.session_key = c.session_key
