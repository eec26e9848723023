-- One row per patient, risk factor and record that shows it, with the days from which and until
-- which it counts. What a record shows: guidelines/codelists/risk_factor.csv.
-- Discharge codes are written after the treatment they were known at, how long after is our
-- policy†; what immunoglobulin may itself cause counts from the day after its record.
-- Age and body mass change from course to course and are asked there.
WITH spelt AS (
    SELECT DISTINCT
        'diagnosis' AS sign,
        code_system,
        code,
        REGEXP_REPLACE(UPPER(code), '[.\s]', '', 'g') AS letters
    FROM staged.diagnosis
    UNION ALL
    SELECT DISTINCT
        'medicine' AS sign,
        code_system,
        code,
        UPPER(code) AS letters
    FROM staged.medication
    UNION ALL
    SELECT DISTINCT
        'event' AS sign,
        NULL AS code_system,
        event_code AS code,
        UPPER(event_code) AS letters
    FROM staged.clinical_event
),

meant AS (
    -- a code may carry a risk by several patterns: the best known one counts
    SELECT
        s.sign,
        s.code_system,
        s.code,
        r.risk_factor,
        MIN(r.within_days) AS within_days,
        BOOL_OR(r.is_passing) AS is_passing,
        BOOL_OR(r.is_effect) AS is_effect,
        BOOL_AND(r.status = 'recalled') AS is_recalled
    FROM spelt AS s
    INNER JOIN guideline.risk_factor AS r
        ON
            s.sign = r.sign
            AND s.code_system IS NOT DISTINCT FROM r.code_system
            AND s.letters LIKE r.code_pattern
    GROUP BY s.sign, s.code_system, s.code, r.risk_factor
),

shown AS (
    -- a code without a date has always been there
    SELECT
        d.patient_key,
        m.risk_factor,
        m.sign,
        'diagnosis' AS record,
        d.diagnosis_key AS record_key,
        d.recorded_on AS known_on,
        COALESCE(d.recorded_on, DATE '0001-01-01') AS last_on,
        m.within_days,
        m.is_passing,
        m.is_effect,
        m.is_recalled
    FROM staged.diagnosis AS d
    INNER JOIN meant AS m
        ON m.sign = 'diagnosis' AND d.code_system = m.code_system AND d.code = m.code
    UNION ALL
    -- a medicine whose end nobody wrote down goes on, unless its effect is counted in days
    SELECT
        t.patient_key,
        m.risk_factor,
        m.sign,
        'medication' AS record,
        t.medication_key AS record_key,
        t.started_on AS known_on,
        CASE WHEN m.within_days IS NULL THEN t.ended_on ELSE COALESCE(t.ended_on, t.started_on) END
            AS last_on,
        m.within_days,
        m.is_passing,
        m.is_effect,
        m.is_recalled
    FROM staged.medication AS t
    INNER JOIN meant AS m
        ON m.sign = 'medicine' AND t.code_system = m.code_system AND t.code = m.code
    UNION ALL
    SELECT
        e.patient_key,
        m.risk_factor,
        m.sign,
        'clinical_event' AS record,
        e.clinical_event_key AS record_key,
        e.occurred_on AS known_on,
        e.occurred_on AS last_on,
        m.within_days,
        m.is_passing,
        m.is_effect,
        m.is_recalled
    FROM staged.clinical_event AS e
    INNER JOIN meant AS m ON m.sign = 'event' AND e.event_code = m.code
    UNION ALL
    SELECT
        p.patient_key,
        r.risk_factor,
        r.sign,
        'patient' AS record,
        p.patient_key AS record_key,
        NULL AS known_on,
        NULL AS last_on,
        r.within_days,
        r.is_passing,
        r.is_effect,
        r.status = 'recalled' AS is_recalled
    FROM staged.patient AS p
    INNER JOIN guideline.risk_factor AS r
        ON
            r.sign = 'patient'
            AND (
                (r.code_pattern = 'is_iga_deficient' AND p.is_iga_deficient)
                OR (r.code_pattern = 'has_anti_iga' AND p.has_anti_iga)
            )
)

SELECT
    s.patient_key,
    s.risk_factor,
    s.sign,
    s.record,
    s.record_key,
    CASE
        WHEN s.known_on IS NULL THEN DATE '0001-01-01'
        WHEN s.is_effect THEN s.known_on + 1
        WHEN s.sign = 'diagnosis' THEN s.known_on - ours.diagnosis_window_days
        ELSE s.known_on
    END AS known_on,
    CASE
        WHEN s.known_on IS NULL THEN NULL
        WHEN s.within_days IS NOT NULL THEN s.last_on + s.within_days
        WHEN s.is_passing THEN s.last_on + ours.passing_risk_days
        WHEN s.sign = 'medicine' THEN s.last_on
    END AS until_on,
    s.is_recalled
FROM shown AS s
CROSS JOIN guideline.policy AS ours
