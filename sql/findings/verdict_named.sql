-- One row per verdict, with the ids of rule, set, patient and subject as text.
-- A subject is named by its first infusion: `<source>:<patient>:<infusion>`.
WITH bag AS (
    SELECT
        d.infusion_key,
        COALESCE(i.source_id, x.source_id, '') AS source_id,
        COALESCE(i.infusion_id, x.dispensing_id) AS bag_id
    FROM derived.infusion AS d
    LEFT JOIN staged.infusion AS i ON d.record = 'infusion' AND d.infusion_key = i.infusion_key
    LEFT JOIN staged.dispensing AS x
        ON d.record = 'dispensing' AND d.infusion_key = x.dispensing_key
)

SELECT
    v.kind,
    s.set_id,
    r.rule_id,
    v.subject_kind,
    CASE
        WHEN v.subject_kind = 'patient'
            THEN COALESCE(p.source_id, '') || ':' || p.patient_id
        ELSE b.source_id || ':' || p.patient_id || ':' || b.bag_id
    END AS subject_id,
    p.patient_id,
    v.status,
    v.reason,
    v.severity,
    v.cap,
    v.is_countable,
    v.clause,
    v.observed,
    v.limit_low,
    v.limit_high,
    v.tolerance,
    v.unit,
    g.label AS regimen,
    v.miss,
    v.weight_basis,
    v.set_key,
    v.rule_key,
    v.subject_key,
    v.course_key,
    v.patient_key,
    v.regimen_key
FROM audit.verdict AS v
INNER JOIN guideline.guideline_set AS s ON v.set_key = s.set_key
INNER JOIN staged.patient AS p ON v.patient_key = p.patient_key
LEFT JOIN guideline.rule AS r ON v.rule_key = r.rule_key
LEFT JOIN guideline.regimen AS g ON v.regimen_key = g.regimen_key
LEFT JOIN bag AS b ON v.subject_kind != 'patient' AND v.subject_key = b.infusion_key
