-- One row per session begun in the period: what events are counted in.
-- A working table of the stage.
SELECT
    s.session_key,
    s.course_key,
    s.patient_key,
    s.started_at,
    s.started_on,
    CAST(DATE_TRUNC('month', s.started_on) AS DATE) AS month_on,
    s.dose_g,
    s.duration_h,
    s.site_id
FROM derived.session AS s
CROSS JOIN guideline.policy AS p
WHERE
    (s.started_on < p.from_on) IS NOT TRUE
    AND s.started_on <= COALESCE(p.to_on, p.as_of)
