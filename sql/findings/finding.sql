-- One row per breached verdict. Its key is a digest of a secret, rule and subject, the same
-- tomorrow, and by nobody without the secret worked back to a patient; the digest beside it
-- changes when the facts that decided change, and a reviewer must look again.
WITH breach AS (
    SELECT
        v.*,
        x.salt,
        w.actual_kg,
        w.measured_on,
        c.started_on,
        c.last_on,
        c.known_dose_g,
        c.indication_code,
        COALESCE(h.workings, a.arithmetic) AS arithmetic
    FROM audit.verdict_named AS v
    CROSS JOIN temp.finding_salt AS x
    LEFT JOIN derived.course AS c ON v.course_key = c.course_key
    LEFT JOIN derived.course_weight AS w ON v.course_key = w.course_key
    LEFT JOIN audit.arithmetic AS a
        ON
            v.rule_key = a.rule_key
            AND v.subject_kind = a.subject_kind
            AND v.subject_key = a.subject_key
    LEFT JOIN shown AS h
        ON
            v.rule_key = h.rule_key
            AND v.subject_kind = h.subject_kind
            AND v.subject_key = h.subject_key
    WHERE v.status = 'breached'
)

SELECT
    LEFT(SHA256(CONCAT_WS('|', salt, rule_id, subject_kind, subject_id)), 16) AS finding_key,
    LEFT(
        SHA256(
            CONCAT_WS(
                '|',
                severity,
                cap,
                reason,
                clause,
                regimen,
                weight_basis,
                'weight ' || actual_kg,
                'measured ' || measured_on,
                'from ' || started_on,
                'to ' || last_on,
                'grams ' || known_dose_g,
                'for ' || indication_code,
                arithmetic
            )
        ), 16
    ) AS facts_digest,
    kind,
    set_id,
    rule_id,
    subject_kind,
    subject_id,
    subject_on,
    patient_id,
    severity,
    cap,
    is_countable,
    reason,
    clause,
    observed,
    limit_low,
    limit_high,
    tolerance,
    unit,
    regimen,
    miss,
    weight_basis,
    arithmetic,
    set_key,
    rule_key,
    subject_key,
    course_key,
    patient_key,
    regimen_key
FROM breach
