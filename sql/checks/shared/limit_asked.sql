-- One row per limit rule and course of the period it could apply to, with the treatment (or
-- episode, or patient) whose courses are counted together.
SELECT
    a.set_key,
    a.rule_key,
    c.course_key,
    c.patient_key,
    c.indication_code,
    c.site_id,
    c.started_on,
    c.last_on,
    CASE l.per
        WHEN 'treatment' THEN c.treatment_key
        WHEN 'episode' THEN c.episode_key
        WHEN 'patient' THEN c.patient_key
    END AS group_key,
    CASE
        WHEN a.reason IS NOT NULL THEN a.reason
        WHEN c.indication_code IS NULL THEN 'no_indication'
    END AS reason
FROM audit.applicable AS a
INNER JOIN derived.course AS c ON a.course_key = c.course_key
LEFT JOIN guideline.course_limit AS l ON a.rule_key = l.rule_key
WHERE a.kind = 'limit' AND a.reason IS DISTINCT FROM 'set_has_no_rule'
