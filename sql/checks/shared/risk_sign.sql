-- One row per risk factor: its limits of age or body mass, the patient's column that states it, and
-- the record kind and code systems that decide: looked for there and not found, it is absent.
SELECT
    risk_factor,
    MIN(name) AS risk_name,
    BOOL_OR(sign = 'age') AS is_age,
    BOOL_OR(sign = 'body_mass') AS is_body_mass,
    MIN(at_least) AS at_least,
    MIN(below) AS below,
    MIN(code_pattern) FILTER (WHERE sign = 'patient') AS flag,
    MIN(
        CASE sign
            WHEN 'diagnosis' THEN 'diagnosis'
            WHEN 'medicine' THEN 'medication'
            WHEN 'event' THEN 'clinical_event'
        END
    ) FILTER (WHERE is_decisive) AS record,
    LIST(DISTINCT code_system) FILTER (WHERE is_decisive) AS code_systems
FROM guideline.risk_factor
GROUP BY risk_factor
