-- One row per kind of figure, what its exposures are sorted by and class (NULL: not known), all
-- events of an ascertainment and each case definition that has as many events as could signal†, in
-- as many patients as a rate should rest on†; the others stand in audit.event_stratum.
WITH rated AS (
    SELECT
        f.*,
        f.ascertainment = 'detected' AND f.n_patients < p.rate_min_patients AS is_few
    FROM audit.event_stratum AS f
    CROSS JOIN guideline.policy AS p
)

SELECT
    s.sorted_by,
    s.class_code,
    s.ascertainment,
    s.event_code,
    e.event_name,
    s.denominator,
    s.n_events,
    s.n_patients_with,
    s.units,
    s.n_patients,
    CASE WHEN s.is_few THEN NULL ELSE s.per_1000 END AS per_1000,
    CASE
        WHEN s.is_few THEN NULL
        WHEN s.n_events > s.n_patients_with THEN s.low
        ELSE s.exact_low
    END AS low,
    CASE
        WHEN s.is_few THEN NULL
        WHEN s.n_events > s.n_patients_with THEN s.high
        ELSE s.exact_high
    END AS high,
    CASE
        WHEN s.is_few THEN 'too_few'
        WHEN s.n_events <= s.n_patients_with THEN 'exact'
        WHEN s.high IS NULL THEN 'none'
        ELSE 'clustered'
    END AS interval_kind
FROM rated AS s
LEFT JOIN temp.event_named AS e
    ON s.event_code = e.event_code AND (s.ascertainment = 'detected') = e.is_definition
CROSS JOIN guideline.policy AS p
LEFT JOIN audit.event_rate AS r
    ON
        s.ascertainment = r.ascertainment
        AND s.event_code = r.event_code
        AND s.denominator = r.denominator
WHERE
    s.event_code IS NULL
    OR (
        s.ascertainment = 'detected'
        AND r.n_events >= p.signal_min_events
        AND r.n_patients >= p.rate_min_patients
    )
