-- One row per record kind and site (NULL: all sites) and the period its records cover:
-- as the source declares it, else from the first to the last day of that kind.
-- Where only sites are declared, all sites are covered where every one of them is; when their
-- periods do not meet, no day is, and the period is empty.
WITH declared AS (
    SELECT
        record,
        site_id,
        from_on,
        to_on
    FROM declared_coverage
),

common AS (
    SELECT
        declared.record,
        MAX(declared.from_on) AS from_on,
        MIN(declared.to_on) AS to_on
    FROM declared
    GROUP BY declared.record
    HAVING COUNT(*) = COUNT(declared.site_id)
),

combined AS (
    SELECT
        declared.record,
        declared.site_id,
        declared.from_on,
        declared.to_on,
        'declared' AS origin
    FROM declared
    UNION ALL
    SELECT
        common.record,
        NULL AS site_id,
        CASE WHEN common.from_on <= common.to_on THEN common.from_on END AS from_on,
        CASE WHEN common.from_on <= common.to_on THEN common.to_on END AS to_on,
        'declared' AS origin
    FROM common
    UNION ALL
    SELECT
        seen.record,
        NULL AS site_id,
        seen.first_on AS from_on,
        seen.last_on AS to_on,
        'observed' AS origin
    FROM audit.record_day AS seen
    ANTI JOIN declared ON seen.record = declared.record
)

SELECT
    combined.record,
    combined.site_id,
    combined.from_on,
    combined.to_on,
    combined.origin
FROM combined
