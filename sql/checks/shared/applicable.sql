-- One row per rule and course in the audited period that it could apply to: its indication,
-- population, product and dates match. One without a rule per kind, published set and course of
-- unknown indication. `reason` says why a rule cannot be judged; NULL means it can.
-- Of the courses no rule is here for, audit.silence tells.
SELECT
    kind,
    set_key,
    rule_key,
    course_key,
    patient_key,
    reason
FROM audit.matched
WHERE product_fit != 'other'
