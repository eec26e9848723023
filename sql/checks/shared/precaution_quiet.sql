-- One row per precaution rule and course of a patient none of whose records shows a risk of it:
-- absent, or nobody knows. They are nearly all, so they are judged by patient and day; the others,
-- and rules with alternatives, ages or body mass, stand in audit.course_risk.
WITH asked AS MATERIALIZED (
    SELECT * FROM audit.precaution_asked
    WHERE NOT is_loud
),

patient AS (
    SELECT DISTINCT
        rule_key,
        patient_key
    FROM asked
),

told AS (
    SELECT
        a.rule_key,
        a.patient_key,
        BOOL_OR(
            (s.flag = 'is_iga_deficient' AND p.is_iga_deficient = FALSE)
            OR (s.flag = 'has_anti_iga' AND p.has_anti_iga = FALSE)
        ) IS TRUE AS is_denied,
        MIN(k.from_on) FILTER (WHERE s.record = 'diagnosis') AS diagnosis_from_on,
        MIN(k.from_on) FILTER (WHERE s.record = 'clinical_event') AS event_from_on,
        MIN(k.from_on) FILTER (WHERE s.record = 'medication') AS medicine_from_on,
        MAX(k.to_on) FILTER (WHERE s.record = 'medication') AS medicine_to_on,
        MIN(
            CASE
                WHEN s.record IS NULL THEN 'risk_unknown'
                WHEN u.record IS NULL THEN 'table_not_supplied'
                WHEN k.patient_key IS NOT NULL AND k.from_on IS NULL THEN 'codes_not_readable'
                ELSE 'outside_coverage'
            END
        ) AS doubt
    FROM patient AS a
    INNER JOIN guideline.precaution_risk AS r ON a.rule_key = r.rule_key
    INNER JOIN audit.risk_sign AS s ON r.risk_factor = s.risk_factor
    LEFT JOIN audit.record_supplied AS u ON s.record = u.record
    LEFT JOIN staged.patient AS p ON a.patient_key = p.patient_key
    LEFT JOIN audit.risk_kept AS k
        ON a.patient_key = k.patient_key AND r.risk_factor = k.risk_factor
    GROUP BY a.rule_key, a.patient_key
)

SELECT
    a.rule_key,
    a.set_key,
    a.reason,
    a.course_key,
    a.patient_key,
    CASE
        WHEN t.is_denied THEN NULL
        WHEN v.diagnosis AND a.started_on >= t.diagnosis_from_on THEN NULL
        WHEN v.clinical_event AND a.started_on >= t.event_from_on THEN NULL
        WHEN
            v.medication
            AND a.started_on >= t.medicine_from_on
            AND a.started_on <= t.medicine_to_on
            THEN NULL
        ELSE t.doubt
    END AS doubt
FROM asked AS a
INNER JOIN told AS t ON a.rule_key = t.rule_key AND a.patient_key = t.patient_key
LEFT JOIN audit.record_covered AS v
    ON a.site_id IS NOT DISTINCT FROM v.site_id AND a.started_on = v.started_on
