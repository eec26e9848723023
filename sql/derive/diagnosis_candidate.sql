-- One row per patient and indication that one of the patient's diagnosis codes may mean: the day
-- from which it is known, and the day from which a code knows it that is more than a hint.
-- A code without a date has always been there.
WITH spelt AS (
    SELECT DISTINCT
        code_system,
        code,
        REGEXP_REPLACE(UPPER(code), '[.\s]', '', 'g') AS letters
    FROM staged.diagnosis
),

meant AS (
    SELECT
        s.code_system,
        s.code,
        d.indication_code,
        d.is_hint_only,
        d.requires_pattern
    FROM spelt AS s
    INNER JOIN guideline.diagnosis_code AS d
        ON s.code_system = d.code_system AND s.letters LIKE d.code_pattern
),

required AS (
    SELECT DISTINCT
        s.code_system,
        s.code,
        m.requires_pattern
    FROM spelt AS s
    INNER JOIN meant AS m
        ON s.code_system = m.code_system AND s.letters LIKE m.requires_pattern
),

companion AS (
    SELECT
        d.patient_key,
        d.code_system,
        r.requires_pattern,
        MIN(COALESCE(d.recorded_on, DATE '0001-01-01')) AS known_on
    FROM staged.diagnosis AS d
    INNER JOIN required AS r ON d.code_system = r.code_system AND d.code = r.code
    GROUP BY d.patient_key, d.code_system, r.requires_pattern
),

known AS (
    SELECT
        d.patient_key,
        m.indication_code,
        m.is_hint_only,
        GREATEST(COALESCE(d.recorded_on, DATE '0001-01-01'), c.known_on) AS known_on
    FROM staged.diagnosis AS d
    INNER JOIN meant AS m ON d.code_system = m.code_system AND d.code = m.code
    LEFT JOIN companion AS c
        ON
            d.patient_key = c.patient_key
            AND m.code_system = c.code_system
            AND m.requires_pattern = c.requires_pattern
    WHERE m.requires_pattern IS NULL OR c.known_on IS NOT NULL
)

SELECT
    patient_key,
    indication_code,
    MIN(known_on) AS known_on,
    MIN(known_on) FILTER (WHERE NOT is_hint_only) AS decided_on
FROM known
GROUP BY patient_key, indication_code
