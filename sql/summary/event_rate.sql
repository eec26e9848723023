-- One row per kind of figure and denominator: the rate per 1,000 of it, by the name of the event or
-- of the case definition (NULL: all events). `interval_kind`: exact where every patient counts
-- once, clustered where some count more often, none where one patient alone had them, too_few
-- where a definition could be evaluated in fewer patients than a rate should rest on†: they were
-- tested for a reason, and two of four are no rate of half.
WITH rated AS (
    SELECT
        f.*,
        f.ascertainment = 'detected' AND f.n_patients < p.rate_min_patients AS is_few
    FROM audit.event_rate AS f
    CROSS JOIN guideline.policy AS p
)

SELECT
    r.ascertainment,
    r.event_code,
    e.event_name,
    r.denominator,
    r.n_events,
    r.n_patients_with,
    r.units,
    r.n_patients,
    CASE WHEN r.is_few THEN NULL ELSE r.per_1000 END AS per_1000,
    CASE
        WHEN r.is_few THEN NULL
        WHEN r.n_events > r.n_patients_with THEN r.low
        ELSE r.exact_low
    END AS low,
    CASE
        WHEN r.is_few THEN NULL
        WHEN r.n_events > r.n_patients_with THEN r.high
        ELSE r.exact_high
    END AS high,
    CASE
        WHEN r.is_few THEN 'too_few'
        WHEN r.n_events <= r.n_patients_with THEN 'exact'
        WHEN r.high IS NULL THEN 'none'
        ELSE 'clustered'
    END AS interval_kind,
    r.design_effect
FROM rated AS r
LEFT JOIN temp.event_named AS e
    ON r.event_code = e.event_code AND (r.ascertainment = 'detected') = e.is_definition
