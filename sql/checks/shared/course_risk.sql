-- One row per precaution rule, course it asks about and risk it asks for: is the risk present on
-- the first day, absent, or unknown (NULL, and `doubt` says why)?
-- Not recorded is not absent: a risk is absent only where a sign that decides was looked for and
-- would have been seen: such records cover the day, and the patient has another one in a code
-- system in which the code list has a sign of the risk. Patients without any sign of a rule's risks
-- stand in audit.precaution_quiet.
WITH asked AS MATERIALIZED (
    SELECT * FROM audit.precaution_asked
    WHERE is_loud
),

shown AS (
    SELECT
        a.rule_key,
        a.course_key,
        k.risk_factor,
        BOOL_AND(k.is_recalled) AS is_recalled,
        LIST(
            { 'record': k.record, 'record_key': k.record_key, 'role': 'risk' }
            ORDER BY k.record, k.record_key
        ) AS cites
    FROM asked AS a
    INNER JOIN guideline.precaution_risk AS r ON a.rule_key = r.rule_key
    INNER JOIN derived.patient_risk AS k
        ON a.patient_key = k.patient_key AND r.risk_factor = k.risk_factor
    WHERE a.started_on >= k.known_on AND (a.started_on > k.until_on) IS NOT TRUE
    GROUP BY a.rule_key, a.course_key, k.risk_factor
)

SELECT
    a.rule_key,
    a.set_key,
    a.reason,
    a.course_key,
    a.patient_key,
    a.product_contains,
    a.is_unread,
    r.is_alternative,
    s.risk_name,
    k.is_recalled IS TRUE AS is_recalled,
    k.cites,
    CASE
        WHEN s.is_age AND s.below IS NULL THEN a.age_years || ' ≥ ' || CAST(s.at_least AS INTEGER)
        WHEN s.is_age THEN a.age_years || ' < ' || CAST(s.below AS INTEGER)
    END AS compared,
    CASE
        WHEN k.course_key IS NOT NULL THEN TRUE
        WHEN s.is_age AND s.below IS NULL THEN a.age_years >= s.at_least
        WHEN s.is_age THEN a.age_years < s.below
        WHEN s.is_body_mass THEN w.actual_kg * 10000 >= s.at_least * w.height_cm * w.height_cm
        WHEN s.flag = 'is_iga_deficient' AND p.is_iga_deficient = FALSE THEN FALSE
        WHEN s.flag = 'has_anti_iga' AND p.has_anti_iga = FALSE THEN FALSE
        WHEN
            a.started_on >= n.from_on
            AND (a.started_on > n.to_on) IS NOT TRUE
            AND CASE s.record
                WHEN 'diagnosis' THEN v.diagnosis
                WHEN 'medication' THEN v.medication
                WHEN 'clinical_event' THEN v.clinical_event
            END
            THEN FALSE
    END AS is_present,
    CASE
        WHEN s.is_age THEN 'no_age'
        WHEN s.record IS NULL THEN 'risk_unknown'
        WHEN u.record IS NULL THEN 'table_not_supplied'
        WHEN n.patient_key IS NOT NULL AND n.from_on IS NULL THEN 'codes_not_readable'
        ELSE 'outside_coverage'
    END AS doubt
FROM asked AS a
INNER JOIN guideline.precaution_risk AS r ON a.rule_key = r.rule_key
INNER JOIN audit.risk_sign AS s ON r.risk_factor = s.risk_factor
LEFT JOIN audit.record_supplied AS u ON s.record = u.record
LEFT JOIN audit.record_covered AS v
    ON a.site_id IS NOT DISTINCT FROM v.site_id AND a.started_on = v.started_on
LEFT JOIN audit.risk_kept AS n ON a.patient_key = n.patient_key AND s.risk_factor = n.risk_factor
LEFT JOIN shown AS k
    ON
        a.rule_key = k.rule_key
        AND a.course_key = k.course_key
        AND r.risk_factor = k.risk_factor
LEFT JOIN staged.patient AS p ON a.patient_key = p.patient_key
LEFT JOIN derived.course_weight AS w ON a.course_key = w.course_key
