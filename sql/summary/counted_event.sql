-- One row per reported event of the period, or of no day at all: nobody can say that it is not.
-- `is_rated`: laid to a session of the period, so that the sessions are its denominator.
-- A working table: the tables on reported events add it up.
SELECT
    e.reported_event_key,
    e.event_code,
    e.n_reports,
    e.symptoms,
    e.is_serious,
    e.criterion,
    e.imputability,
    e.clock,
    e.attribution,
    e.is_named_outside,
    e.is_other_patient_named,
    e.is_other_product_named,
    e.is_not_given_named,
    e.days_to_death,
    e.deceased_on IS NOT NULL AS is_dead,
    e.onset_on,
    e.patient_key,
    (
        e.attribution IN ('named_infusion', 'in_window', 'several_sessions', 'several_courses')
        AND s.started_on >= p.from_on
        AND s.started_on <= p.to_on
    ) IS TRUE AS is_rated
FROM derived.reported_event AS e
CROSS JOIN report.period AS p
LEFT JOIN derived.session AS s ON e.session_key = s.session_key
WHERE e.event_on IS NULL OR (e.event_on >= p.from_on AND e.event_on <= p.to_on)
