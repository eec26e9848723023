-- One row per preliminary Observation and test of it whose final result of that moment is there.
SELECT DISTINCT
    p.source_file,
    p.source_row,
    p.loinc
FROM step.measured AS p
INNER JOIN step.measured AS f
    ON p.patient_id = f.patient_id AND p.loinc = f.loinc AND p.observed_at = f.observed_at
WHERE p.is_preliminary AND p.fate = 'read' AND NOT f.is_preliminary AND f.fate = 'read'
