-- One row per patient whom an export may name: with a finding, a serious report or a serious
-- detected event. `pseudonym` is the one on the pages of the run, if it has one.
WITH wanted AS (
    SELECT patient_key FROM audit.finding
    UNION
    SELECT patient_key FROM derived.reported_event
    WHERE is_serious
    UNION
    SELECT patient_key FROM audit.detected_event
    WHERE is_serious
)

SELECT
    p.patient_key,
    p.patient_id,
    p.source_id,
    s.pseudonym
FROM staged.patient AS p
INNER JOIN wanted AS w ON p.patient_key = w.patient_key
LEFT JOIN report.patient_pseudonym AS s ON p.patient_key = s.patient_key
ORDER BY p.patient_key
