-- One row per finding, with real ids: for the run folder only.
SELECT
    finding_key,
    facts_digest,
    set_id,
    rule_id,
    kind,
    severity,
    cap,
    subject_kind,
    subject_id,
    patient_id,
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
    arithmetic
FROM audit.finding
ORDER BY finding_key
