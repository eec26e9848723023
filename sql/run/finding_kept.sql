-- One row per finding, with what tells tomorrow whether it is new, worse or gone. No id of a
-- patient or record: the key is a digest of them.
SELECT
    f.finding_key,
    f.facts_digest,
    f.set_id,
    f.rule_id,
    CAST(f.kind AS VARCHAR) AS kind,
    CAST(f.severity AS VARCHAR) AS severity,
    CAST(f.subject_kind AS VARCHAR) AS subject_kind,
    f.subject_on,
    CAST(f.clause AS VARCHAR) AS clause,
    CAST(f.unit AS VARCHAR) AS unit,
    f.observed,
    f.limit_low,
    f.limit_high,
    f.miss,
    r.is_counted_only IS TRUE AS is_counted_only,
    c.known_dose_g AS course_g,
    c.indication_code
FROM audit.finding AS f
INNER JOIN guideline.rule AS r ON f.rule_key = r.rule_key
LEFT JOIN derived.course AS c ON f.course_key = c.course_key
ORDER BY f.finding_key
