-- One row: what the chapter on detected events counts among.
SELECT
    COUNT(*) FILTER (WHERE is_counted) AS n_counted,
    COUNT(*) FILTER (WHERE is_counted AND NOT is_reported) AS n_never_reported,
    COUNT(*) FILTER (WHERE is_counted AND is_reported IS NULL) AS n_report_unknown,
    (
        SELECT COUNT(*) > 0
        FROM audit.record_supplied AS s
        WHERE s.record = 'adverse_event'
    ) AS has_reports,
    COUNT(*) FILTER (WHERE is_counted AND is_serious) AS n_serious,
    COUNT(*) FILTER (WHERE NOT is_counted AND NOT is_observation) AS n_flagged,
    COUNT(*) FILTER (WHERE is_observation) AS n_observed,
    COUNT(DISTINCT patient_key) FILTER (WHERE is_counted) AS n_patients,
    (SELECT COUNT(*) FROM audit.reported_check) AS n_checked,
    (
        SELECT COUNT(*) FILTER (WHERE c.confirmation = 'not_met')
        FROM audit.reported_check AS c
    ) AS n_not_confirmed
FROM audit.detected_event
