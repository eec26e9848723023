-- One row per rule and subject it could apply to, without the ids of any record: those stand
-- in findings.csv and in the database. Ordered, so that the same run gives the same bytes: first
-- the plain ones, which are the many and carry little, then the others with all they say.
WITH named AS (
    -- words as numbers: what is sorted stays narrow
    SELECT
        rule_key,
        CAST(rule_id AS audit.RULE_NAME) AS rule_id
    FROM guideline.rule
),

named_set AS (
    SELECT
        set_key,
        CAST(set_id AS audit.SET_NAME) AS set_id
    FROM guideline.guideline_set
),

named_regimen AS (
    SELECT
        regimen_key,
        CAST(label AS audit.REGIMEN_NAME) AS regimen
    FROM guideline.regimen
),

plain AS (
    SELECT
        CAST(r.kind AS audit.VERDICT_KIND) AS kind,
        s.set_id,
        n.rule_id,
        v.subject_kind,
        v.subject_key,
        v.course_key,
        v.patient_key,
        v.status,
        v.reason,
        CAST(r.effective_severity AS audit.VERDICT_SEVERITY) AS severity,
        CAST(IF(r.effective_severity = r.severity, NULL, 'rule') AS audit.VERDICT_CAP) AS cap,
        v.clause,
        v.observed,
        g.regimen,
        v.weight_basis
    FROM audit.verdict_plain AS v
    INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
    INNER JOIN named AS n ON r.rule_key = n.rule_key
    INNER JOIN named_set AS s ON r.set_key = s.set_key
    LEFT JOIN named_regimen AS g ON v.regimen_key = g.regimen_key
    ORDER BY v.rule_key, v.subject_kind, v.subject_key
),

telling AS (
    SELECT
        v.kind,
        s.set_id,
        n.rule_id,
        v.subject_kind,
        v.subject_key,
        v.course_key,
        v.patient_key,
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
        g.regimen,
        v.miss,
        v.weight_basis
    FROM audit.verdict_told AS v
    INNER JOIN named_set AS s ON v.set_key = s.set_key
    LEFT JOIN named AS n ON v.rule_key = n.rule_key
    LEFT JOIN named_regimen AS g ON v.regimen_key = g.regimen_key
    ORDER BY v.set_key, v.kind, v.rule_key, v.subject_kind, v.subject_key
)

SELECT
    kind,
    set_id,
    rule_id,
    subject_kind,
    subject_key,
    course_key,
    patient_key,
    status,
    reason,
    severity,
    cap,
    FALSE AS is_countable,
    clause,
    observed,
    CAST(NULL AS DECIMAL(12, 3)) AS limit_low,
    CAST(NULL AS DECIMAL(12, 3)) AS limit_high,
    CAST(NULL AS DECIMAL(6, 3)) AS tolerance,
    CAST(NULL AS audit.VERDICT_UNIT) AS unit,
    regimen,
    CAST(NULL AS DECIMAL(12, 3)) AS miss,
    weight_basis
FROM plain
UNION ALL
SELECT * -- all its columns, in the same order
FROM telling
