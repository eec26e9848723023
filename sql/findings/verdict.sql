-- One row per rule and subject it could apply to, met ones too, with every cap applied.
-- Where the rule alone decides how heavily a verdict weighs, its row is narrow and the rest is read
-- from the rule; the others are stored whole.
WITH ruling AS (
    SELECT
        rule_key,
        set_key,
        CAST(kind AS AUDIT.VERDICT_KIND) AS kind,
        CAST(effective_severity AS AUDIT.VERDICT_SEVERITY) AS severity,
        CAST(IF(effective_severity = severity, NULL, 'rule') AS AUDIT.VERDICT_CAP) AS cap
    FROM guideline.rule
)

SELECT -- matched by name: what a plain one lacks is NULL -- noqa: AM07
    r.kind,
    r.set_key,
    p.rule_key,
    p.subject_kind,
    p.subject_key,
    p.course_key,
    p.patient_key,
    p.status,
    p.reason,
    r.severity,
    r.cap,
    FALSE AS is_countable,
    p.clause,
    p.observed,
    p.regimen_key,
    p.weight_basis
FROM audit.verdict_plain AS p
INNER JOIN ruling AS r ON p.rule_key = r.rule_key
UNION ALL BY NAME
SELECT * -- noqa: AM04
FROM audit.verdict_told
