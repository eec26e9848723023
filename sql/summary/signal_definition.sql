-- One row per case definition: its answers among the exposures of the period, and the bounds of its
-- share if the unobserved all had the event or none had.
SELECT -- noqa: AM04
    o.*, -- noqa: AM04
    d.title,
    d.status,
    d.source,
    d.note,
    d.is_observation,
    d.is_imputed,
    d.is_advisory,
    w.window_status
FROM audit.observability AS o
INNER JOIN guideline.definition AS d ON o.definition_id = d.definition_id
LEFT JOIN guideline.event AS w ON d.window_of = w.event_code
