-- One row per session: the bags of one patient with at most a short pause between them, dated by
-- its first start in local time. Its key is that of its first bag.
SELECT
    f.session_key,
    f.patient_key,
    COALESCE(c.course_key, f.session_key) AS course_key,
    f.started_at,
    f.started_on,
    f.ended_at,
    f.n_infusions,
    f.dose_g,
    f.known_dose_g,
    f.duration_h,
    f.is_stopped,
    f.is_dose_uncertain,
    f.site_id
FROM temp.session_fact AS f
LEFT JOIN temp.session_course AS c ON f.session_key = c.session_key
