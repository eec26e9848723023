-- One row per bag or bottle in the records, with its session and course when it counts as IVIG.
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
    b.status,
    b.exclusion,
    b.is_dose_uncertain,
    b.indication_code,
    b.indication_source,
    b.phase,
    b.phase_source,
    b.site_id,
    b.ward_id,
    b.vial_step_g,
    b.weight_kg,
    s.session_key,
    s.course_key
FROM temp.bag AS b
LEFT JOIN temp.bag_session AS bs ON b.infusion_key = bs.infusion_key
LEFT JOIN derived.session AS s ON bs.session_key = s.session_key
