-- One row per route by which immunoglobulin was given in the period (`IV SC IM`; `unknown` where a
-- product may be given either way and nobody wrote which), and one for all (`is_total`). No rule on
-- doses judges any but the first. `n_also_iv`: patients given it by the vein too.
WITH beside AS (
    SELECT
        i.patient_key,
        i.dose_g,
        CASE i.exclusion
            WHEN 'subcutaneous' THEN 'SC'
            WHEN 'intramuscular' THEN 'IM'
            ELSE 'unknown'
        END AS route
    FROM derived.infusion AS i
    CROSS JOIN report.period AS p
    WHERE
        i.exclusion IN ('subcutaneous', 'intramuscular', 'route_unknown')
        AND i.started_on >= p.from_on
        AND i.started_on <= p.to_on
),

told AS (
    SELECT
        'IV' AS route,
        grams,
        n_infusions,
        n_without_grams,
        n_patients,
        n_patients AS n_also_iv
    FROM report.use_total
    WHERE n_infusions > 0
    UNION ALL
    SELECT
        b.route,
        SUM(b.dose_g) AS grams,
        COUNT(*) AS n_infusions,
        COUNT(*) FILTER (WHERE b.dose_g IS NULL) AS n_without_grams,
        COUNT(DISTINCT b.patient_key) AS n_patients,
        COUNT(DISTINCT u.patient_key) AS n_also_iv
    FROM beside AS b
    LEFT JOIN temp.patient_use AS u ON b.patient_key = u.patient_key
    GROUP BY b.route
),

-- nobody is counted twice in all: those of the vein, and who is not among them
apart AS (
    SELECT COUNT(DISTINCT b.patient_key) AS n_patients
    FROM beside AS b
    ANTI JOIN temp.patient_use AS u ON b.patient_key = u.patient_key
),

summed AS (
    SELECT
        route,
        GROUPING(route) = 1 AS is_total,
        SUM(grams) AS grams,
        SUM(n_infusions) AS n_infusions,
        SUM(n_without_grams) AS n_without_grams,
        SUM(n_patients) AS n_patients,
        SUM(n_also_iv) AS n_also_iv
    FROM told
    GROUP BY GROUPING SETS ((route), ())
    HAVING COUNT(*) > 0
)

SELECT
    s.route,
    s.is_total,
    s.grams,
    CAST(
        s.grams / NULLIF(MAX(s.grams) FILTER (WHERE s.is_total) OVER (), 0) AS DECIMAL(9, 6)
    ) AS share_grams,
    CAST(s.n_infusions AS BIGINT) AS n_infusions,
    CAST(s.n_without_grams AS BIGINT) AS n_without_grams,
    CASE
        WHEN s.is_total THEN a.n_patients + CASE WHEN u.n_patients > 0 THEN u.n_patients ELSE 0 END
        ELSE CAST(s.n_patients AS BIGINT)
    END AS n_patients,
    CASE WHEN s.route <> 'IV' THEN CAST(s.n_also_iv AS BIGINT) END AS n_also_iv
FROM summed AS s
CROSS JOIN apart AS a
CROSS JOIN report.use_total AS u
