-- One row per finding with all that an explanation says of it beside its rows.
SELECT
    f.finding_key,
    f.facts_digest,
    f.kind,
    f.rule_id,
    f.subject_kind,
    f.subject_id,
    f.patient_id,
    f.severity,
    f.cap,
    f.clause,
    f.reason,
    f.observed,
    f.limit_low,
    f.limit_high,
    f.tolerance,
    f.unit,
    f.regimen,
    f.miss,
    f.weight_basis,
    f.arithmetic,
    r.statement,
    r.condition,
    r.why,
    r.severity AS rule_severity,
    r.status AS rule_status,
    r.is_titrated,
    r.is_typical,
    r.source_title,
    r.source_locator,
    r.source_url,
    s.set_id,
    s.title AS set_title,
    s.authority,
    r.weight_policy,
    c.started_on,
    c.last_on,
    c.indication_code,
    c.indication_source,
    c.phase,
    c.phase_source,
    d.weight_kg,
    d.literal_kg,
    w.measured_on,
    w.age_days,
    w.weight_record
FROM audit.finding AS f
INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS s ON f.set_key = s.set_key
LEFT JOIN derived.course AS c ON f.course_key = c.course_key
LEFT JOIN derived.course_weight AS w ON f.course_key = w.course_key
LEFT JOIN derived.dosing_weight AS d
    ON
        f.course_key = d.course_key
        AND r.weight_policy = d.weight_policy
        AND d.role = 'policy'
