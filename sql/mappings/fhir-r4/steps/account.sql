-- One row per resource of a type that is read: its code and what became of it.
-- Doses and issues are counted with their grams.
SELECT
    source_file,
    source_row,
    NULL AS code,
    CASE WHEN has_modifier THEN 'modifier_unknown' ELSE 'patient' END AS fate,
    NULL AS grams
FROM raw.patient
UNION ALL
SELECT
    source_file,
    source_row,
    class_code AS code,
    CASE fate
        WHEN 'read' THEN 'encounter'
        ELSE fate
    END AS fate,
    NULL AS grams
FROM step.stay
UNION ALL
SELECT
    source_file,
    source_row,
    NULL AS code,
    CASE WHEN has_modifier THEN 'modifier_unknown' ELSE 'looked_up' END AS fate,
    NULL AS grams
FROM raw.medication
UNION ALL
SELECT
    p.source_file,
    p.source_row,
    d.shown_code AS code,
    CASE
        WHEN p.standing != 'stands' THEN p.standing
        WHEN p.concept IS NULL THEN 'medicine_missing'
        WHEN d.is_globulin THEN 'looked_up'
        ELSE 'medicine_not_listed'
    END AS fate,
    NULL AS grams
FROM step.prescribed AS p
LEFT JOIN step.drug AS d ON p.concept = d.concept
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    CASE
        WHEN is_product_unknown AND fate IN ('read', 'no_grams') THEN 'product_unknown'
        WHEN fate = 'read' THEN 'issued'
        ELSE fate
    END AS fate,
    CASE
        WHEN fate IN ('read', 'read_by_strength')
            THEN TRY_CAST(dose_g AS DECIMAL(14, 3))
    END AS grams
FROM step.issue
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    CASE
        WHEN is_product_unknown AND fate IN ('read', 'no_grams') THEN 'product_unknown'
        ELSE fate
    END AS fate,
    CASE
        WHEN fate IN ('read', 'read_by_strength')
            THEN TRY_CAST(dose_g AS DECIMAL(14, 3))
    END AS grams
FROM step.dose
UNION ALL
SELECT
    m.source_file,
    m.source_row,
    MIN(m.shown_code) AS code,
    CASE
        WHEN BOOL_AND(r.source_row IS NOT NULL) THEN 'preliminary_replaced'
        WHEN
            BOOL_OR(
                m.weight_kg IS NOT NULL OR m.height_cm IS NOT NULL OR m.blood_group IS NOT NULL
            )
            THEN 'body_size'
        WHEN BOOL_OR(m.fate = 'read' AND m.loinc IN ('29463-7', '8302-2')) THEN 'body_size_unit'
        WHEN BOOL_OR(m.fate = 'read') THEN 'lab_result'
        WHEN MIN(m.fate) = 'code_unknown' THEN 'test_without_loinc'
        WHEN MIN(m.fate) = 'no_value' THEN 'test_without_value'
        ELSE MIN(m.fate)
    END AS fate,
    NULL AS grams
FROM step.measured AS m
LEFT JOIN step.replaced AS r
    ON m.source_file = r.source_file AND m.source_row = r.source_row AND m.loinc = r.loinc
GROUP BY m.source_file, m.source_row
UNION ALL
SELECT DISTINCT
    source_file,
    source_row,
    shown_code AS code,
    CASE fate
        WHEN 'read' THEN 'diagnosis'
        WHEN 'code_unknown' THEN 'diagnosis_uncoded'
        ELSE fate
    END AS fate,
    NULL AS grams
FROM step.diagnosed
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    CASE fate
        WHEN 'read' THEN 'event'
        WHEN 'not_asked_for' THEN 'other_procedure'
        ELSE fate
    END AS fate,
    NULL AS grams
FROM step.treated
UNION ALL
SELECT
    source_file,
    source_row,
    shown_code AS code,
    CASE fate
        WHEN 'read' THEN 'vaccine'
        WHEN 'code_unknown' THEN 'vaccine_uncoded'
        ELSE fate
    END AS fate,
    NULL AS grams
FROM step.vaccinated
UNION ALL
SELECT
    source_file,
    source_row,
    term AS code,
    CASE fate
        WHEN 'read' THEN 'adverse_event'
        ELSE fate
    END AS fate,
    NULL AS grams
FROM step.harmed
UNION ALL
SELECT
    source_file,
    source_row,
    word AS code,
    'looked_up' AS fate,
    NULL AS grams
FROM raw.administration_word
