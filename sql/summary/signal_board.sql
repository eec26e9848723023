-- One row per event that a case definition can show: what was detected and never reported, and what
-- was reported and not confirmed. Denominator: courses or sessions begun in the period. `n_seen`:
-- the most of them that one definition could be evaluated for; with none there is nothing to count.
WITH event AS (
    SELECT
        event,
        MIN(event_name) AS event_name,
        MIN(subject_kind) AS subject_kind,
        MIN(n_exposed) AS n_exposed,
        MAX(n_answered) AS n_seen,
        MIN(definition_key) AS place
    FROM audit.observability
    GROUP BY event
),

detected AS (
    SELECT
        event,
        COUNT(*) FILTER (WHERE is_counted) AS n_counted,
        COUNT(*) FILTER (WHERE is_counted AND is_reported) AS n_also_reported,
        COUNT(*) FILTER (WHERE is_counted AND NOT is_reported) AS n_never_reported,
        COUNT(*) FILTER (WHERE is_counted AND is_reported IS NULL) AS n_report_unknown,
        COUNT(*) FILTER (WHERE is_counted AND is_serious) AS n_serious,
        COUNT(DISTINCT patient_key) FILTER (WHERE is_counted) AS n_patients,
        COUNT(*) FILTER (WHERE NOT is_counted) AS n_flagged
    FROM audit.detected_event
    GROUP BY event
),

checked AS (
    SELECT
        event,
        COUNT(*) AS n_reported,
        COUNT(*) FILTER (WHERE confirmation = 'confirmed') AS n_confirmed,
        COUNT(*) FILTER (WHERE confirmation = 'flagged') AS n_confirmed_flagged,
        COUNT(*) FILTER (WHERE confirmation = 'not_met') AS n_not_confirmed,
        COUNT(*) FILTER (WHERE confirmation = 'not_evaluable') AS n_not_evaluable,
        COUNT(*) FILTER (WHERE confirmation = 'not_attributed') AS n_not_attributed
    FROM audit.reported_check
    GROUP BY event
)

SELECT
    e.event,
    e.event_name,
    e.subject_kind,
    e.n_exposed,
    e.n_seen,
    e.place,
    IF(d.event IS NULL, 0, d.n_counted) AS n_counted,
    IF(d.event IS NULL, 0, d.n_also_reported) AS n_also_reported,
    IF(d.event IS NULL, 0, d.n_never_reported) AS n_never_reported,
    IF(d.event IS NULL, 0, d.n_report_unknown) AS n_report_unknown,
    IF(d.event IS NULL, 0, d.n_serious) AS n_serious,
    IF(d.event IS NULL, 0, d.n_patients) AS n_patients,
    IF(d.event IS NULL, 0, d.n_flagged) AS n_flagged,
    IF(c.event IS NULL, 0, c.n_reported) AS n_reported,
    IF(c.event IS NULL, 0, c.n_confirmed) AS n_confirmed,
    IF(c.event IS NULL, 0, c.n_confirmed_flagged) AS n_confirmed_flagged,
    IF(c.event IS NULL, 0, c.n_not_confirmed) AS n_not_confirmed,
    IF(c.event IS NULL, 0, c.n_not_evaluable) AS n_not_evaluable,
    IF(c.event IS NULL, 0, c.n_not_attributed) AS n_not_attributed
FROM event AS e
LEFT JOIN detected AS d ON e.event = d.event
LEFT JOIN checked AS c ON e.event = c.event
