-- One row per published rate of an event that these records have a rate of: as printed, and whether
-- numerator, denominator and way of finding are those of a rate of ours. An infusion counts as a
-- session. Where they are, `per_1000` stands beside ours; where not, `why_not` says so.
WITH ours AS (
    SELECT DISTINCT event_code
    FROM audit.event_rate
    WHERE ascertainment = 'reported' AND event_code IS NOT NULL
),

laid AS (
    SELECT
        p.event_code,
        e.name AS event_name,
        p.place,
        p.numerator,
        p.denominator,
        p.ascertainment,
        p.population,
        p.printed,
        p.status,
        p.source,
        p.note,
        p.n_events,
        p.n_units,
        CASE
            WHEN p.ascertainment != 'reported' THEN 'ascertainment'
            WHEN p.numerator != 'events' THEN 'numerator'
            WHEN p.denominator NOT IN ('sessions', 'courses', 'patients') THEN 'denominator'
            WHEN p.n_events IS NULL OR p.n_units IS NULL THEN 'counts'
        END AS why_not
    FROM guideline.event_rate AS p
    INNER JOIN ours AS o ON p.event_code = o.event_code
    INNER JOIN guideline.event AS e ON p.event_code = e.event_code
)

SELECT
    *,
    CASE
        WHEN why_not IS NULL THEN CAST(1000 * n_events / n_units AS DECIMAL(18, 4))
    END AS per_1000
FROM laid
