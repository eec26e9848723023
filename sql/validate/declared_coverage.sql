-- One row per record kind and site for which a source declares the period it covers.
-- Of several periods the one that ends last counts: a gap in between must not pass for covered.
WITH ranked AS (
    SELECT
        coverage.record,
        coverage.site_id,
        coverage.from_on,
        coverage.to_on,
        ROW_NUMBER() OVER (
            PARTITION BY coverage.record, coverage.site_id
            ORDER BY coverage.to_on DESC, coverage.from_on ASC, coverage.source_coverage_key ASC
        ) AS place
    FROM staged.source_coverage AS coverage
)

SELECT
    ranked.record,
    ranked.site_id,
    ranked.from_on,
    ranked.to_on
FROM ranked
WHERE ranked.place = 1
