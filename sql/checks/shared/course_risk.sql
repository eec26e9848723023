-- One row per course and risk that a precaution asks about: present, absent or unknown (NULL, and
-- `doubt` says why), with the records that show it.
-- Not recorded is not absent: a risk is absent only where a sign that decides was looked for and
-- would have been seen: such records cover the day, and the patient has another one in a code
-- system that the code list can read.
WITH needed AS MATERIALIZED (
    SELECT DISTINCT
        c.course_key,
        c.patient_key,
        c.started_on,
        c.age_years,
        c.site_id,
        r.risk_factor
    FROM audit.precaution_asked AS a
    INNER JOIN guideline.precaution_risk AS r ON a.rule_key = r.rule_key
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
),

shown AS (
    SELECT
        n.course_key,
        n.risk_factor,
        BOOL_AND(k.is_recalled) AS is_recalled,
        LIST(
            { 'record': k.record, 'record_key': k.record_key, 'role': 'risk' }
            ORDER BY k.record, k.record_key
        ) AS cites
    FROM needed AS n
    INNER JOIN derived.patient_risk AS k
        ON n.patient_key = k.patient_key AND n.risk_factor = k.risk_factor
    WHERE k.known_on <= n.started_on AND (k.until_on IS NULL OR k.until_on >= n.started_on)
    GROUP BY n.course_key, n.risk_factor
),

deciding AS (
    SELECT DISTINCT
        risk_factor,
        code_system,
        CASE sign
            WHEN 'diagnosis' THEN 'diagnosis'
            WHEN 'medicine' THEN 'medication'
            WHEN 'event' THEN 'clinical_event'
        END AS record
    FROM guideline.risk_factor
    WHERE is_decisive AND sign IN ('diagnosis', 'medicine', 'event')
),

supplied AS (
    SELECT
        d.risk_factor,
        COUNT(s.record) > 0 AS is_supplied
    FROM deciding AS d
    LEFT JOIN audit.record_supplied AS s ON d.record = s.record
    GROUP BY d.risk_factor
),

kept_in AS (
    SELECT DISTINCT
        risk_factor,
        record
    FROM deciding
),

covered AS (
    SELECT DISTINCT
        n.course_key,
        v.record
    FROM needed AS n
    INNER JOIN staged.coverage AS v
        ON
            v.record IN ('diagnosis', 'medication', 'clinical_event')
            AND (v.site_id IS NULL OR n.site_id = v.site_id)
            AND n.started_on >= v.from_on
            AND n.started_on <= v.to_on
),

searched AS (
    -- 1: the patient has another such record, near† where what is looked for passes; 2: none near;
    -- 3: only in a code system in which the code list has no sign of this risk
    SELECT
        n.course_key,
        n.risk_factor,
        MIN(
            CASE
                WHEN d.record IS NULL THEN 3
                WHEN r.record != 'medication'
                    THEN IF(r.first_on <= n.started_on + p.diagnosis_window_days, 1, 2)
                WHEN r.first_on > n.started_on + p.medicine_proof_days THEN 2
                WHEN r.last_on < n.started_on - p.medicine_proof_days THEN 2
                ELSE 1
            END
        ) AS place
    FROM needed AS n
    CROSS JOIN guideline.policy AS p
    INNER JOIN covered AS v ON n.course_key = v.course_key
    INNER JOIN kept_in AS l ON n.risk_factor = l.risk_factor AND v.record = l.record
    INNER JOIN derived.patient_record AS r
        ON n.patient_key = r.patient_key AND l.record = r.record
    LEFT JOIN deciding AS d
        ON
            n.risk_factor = d.risk_factor
            AND r.record = d.record
            AND r.code_system IS NOT DISTINCT FROM d.code_system
    GROUP BY n.course_key, n.risk_factor
),

measure AS (
    SELECT
        risk_factor,
        MIN(name) AS risk_name,
        BOOL_OR(sign = 'age') AS is_age,
        BOOL_OR(sign = 'body_mass') AS is_body_mass,
        MIN(at_least) AS at_least,
        MIN(below) AS below,
        MIN(code_pattern) FILTER (WHERE sign = 'patient') AS flag
    FROM guideline.risk_factor
    GROUP BY risk_factor
)

SELECT
    n.course_key,
    n.risk_factor,
    m.risk_name,
    k.is_recalled IS TRUE AS is_recalled,
    k.cites,
    CASE
        WHEN m.is_age AND m.below IS NULL THEN n.age_years || ' ≥ ' || CAST(m.at_least AS INTEGER)
        WHEN m.is_age THEN n.age_years || ' < ' || CAST(m.below AS INTEGER)
    END AS compared,
    CASE
        WHEN k.course_key IS NOT NULL THEN TRUE
        WHEN m.is_age AND m.below IS NULL THEN n.age_years >= m.at_least
        WHEN m.is_age THEN n.age_years < m.below
        WHEN m.is_body_mass THEN w.actual_kg * 10000 >= m.at_least * w.height_cm * w.height_cm
        WHEN m.flag = 'is_iga_deficient' AND p.is_iga_deficient = FALSE THEN FALSE
        WHEN m.flag = 'has_anti_iga' AND p.has_anti_iga = FALSE THEN FALSE
        WHEN s.place = 1 THEN FALSE
    END AS is_present,
    CASE
        WHEN m.is_age THEN 'no_age'
        WHEN l.risk_factor IS NULL THEN 'risk_unknown'
        WHEN s.place = 3 THEN 'codes_not_readable'
        WHEN NOT l.is_supplied THEN 'table_not_supplied'
        ELSE 'outside_coverage'
    END AS doubt
FROM needed AS n
INNER JOIN measure AS m ON n.risk_factor = m.risk_factor
LEFT JOIN shown AS k ON n.course_key = k.course_key AND n.risk_factor = k.risk_factor
LEFT JOIN searched AS s ON n.course_key = s.course_key AND n.risk_factor = s.risk_factor
LEFT JOIN supplied AS l ON n.risk_factor = l.risk_factor
LEFT JOIN staged.patient AS p ON n.patient_key = p.patient_key
LEFT JOIN derived.course_weight AS w ON n.course_key = w.course_key
