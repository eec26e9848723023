-- One row per laboratory result of MIMIC-III (LABEVENTS) whose patient and LOINC are known.
-- The patient is named by the row or by its admission. Words stay words (value_text); a limit
-- of measurement written as words or sign ("LESS THAN 20") becomes comparator and value.
WITH parsed AS (
    SELECT
        source_file,
        source_row,
        REGEXP_EXTRACT(
            value,
            '^(<=|>=|<|>|LESS THAN|GREATER THAN)? *(-?[0-9]*\.?[0-9]+)$',
            ['sign', 'number']
        ) AS part
    FROM raw.labevents
)

SELECT
    COALESCE(l.subject_id, a.subject_id) AS patient_id,
    d.loinc_code AS test_code,
    l.charttime AS collected_at,
    NULLIF(r.part.number, '') AS value, -- the contract's name -- noqa: RF04
    CASE WHEN r.part.number = '' THEN l.value END AS value_text,
    CASE r.part.sign
        WHEN 'LESS THAN' THEN '<'
        WHEN 'GREATER THAN' THEN '>'
        ELSE NULLIF(r.part.sign, '')
    END AS comparator,
    l.valueuom AS unit,
    d.fluid AS specimen,
    l.source_file,
    l.source_row
FROM raw.labevents AS l
INNER JOIN parsed AS r
    ON l.source_file = r.source_file AND l.source_row = r.source_row
INNER JOIN raw.d_labitems AS d ON l.itemid = d.itemid
LEFT JOIN raw.admissions AS a ON l.hadm_id = a.hadm_id
WHERE
    d.loinc_code IS NOT NULL
    AND COALESCE(l.subject_id, a.subject_id) IS NOT NULL
