-- One row: the period the report speaks of, the sites in it and what the grams rest on.
-- Without --from the period begins with the first infusion; without --to it ends on the
-- as-of date, so that a year typed wrong does not stretch it.
WITH seen AS (
    SELECT
        MIN(i.started_on) FILTER (WHERE i.exclusion IS NULL) AS first_on,
        MAX(i.started_on) FILTER (
            WHERE i.exclusion IS NULL AND i.started_on <= p.as_of
        ) AS last_on,
        BOOL_OR(i.record = 'dispensing') AS is_dispensed,
        COUNT(DISTINCT i.site_id) AS n_sites,
        STRING_AGG(DISTINCT i.site_id, ', ' ORDER BY i.site_id) AS sites
    FROM guideline.policy AS p
    LEFT JOIN derived.infusion AS i ON TRUE
)

SELECT
    p.as_of,
    p.guideline_as_of,
    COALESCE(p.from_on, s.first_on) AS from_on,
    COALESCE(p.to_on, p.as_of) AS to_on,
    s.first_on,
    s.last_on,
    p.from_on IS NOT NULL OR p.to_on IS NOT NULL AS is_restricted,
    CASE
        WHEN s.is_dispensed IS NULL THEN 'nothing'
        WHEN s.is_dispensed THEN 'dispensed'
        ELSE 'infused'
    END AS basis,
    s.n_sites,
    s.sites
FROM guideline.policy AS p
CROSS JOIN seen AS s
