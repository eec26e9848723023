-- One row per named guideline set and course begun in the period, with its outcome.
-- What decides it stands in profile_outcome; open: the course may still grow.
SELECT
    o.set_key,
    c.course_key,
    c.patient_key,
    c.indication_code,
    c.known_dose_g,
    CASE WHEN c.is_open THEN 'open' ELSE o.outcome END AS outcome,
    o.is_assessed_at_all,
    o.answer,
    o.rule_key
FROM report.course_profile AS c
INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
