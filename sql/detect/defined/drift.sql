-- One row per patient treated and slow quantity measured in the year before the as-of date: how its
-- middle value of the last season differs from that of the first. No source gives a threshold, so
-- this is an observation, neither met nor not met. At least 2† readable results in each season.
WITH treated AS (
    SELECT DISTINCT
        c.patient_key,
        ours.as_of
    FROM derived.course AS c
    CROSS JOIN guideline.policy AS ours
    WHERE c.is_in_period
),

measured AS (
    SELECT
        l.patient_key,
        l.analyte,
        l.canonical_value,
        l.canonical_unit,
        CASE
            WHEN l.collected_on <= t.as_of - 274 THEN 'first'
            WHEN l.collected_on > t.as_of - 91 THEN 'last'
        END AS season
    FROM derived.lab_result AS l
    INNER JOIN treated AS t ON l.patient_key = t.patient_key
    WHERE
        l.analyte IN ('hb', 'egfr')
        AND l.canonical_value IS NOT NULL
        AND l.comparator IS NULL
        AND l.collected_on > t.as_of - 365
        AND l.collected_on <= t.as_of
),

gathered AS (
    SELECT
        patient_key,
        analyte,
        MIN(canonical_unit) AS unit,
        COUNT(*) AS n_results,
        COUNT(*) FILTER (WHERE season = 'first') AS n_first,
        COUNT(*) FILTER (WHERE season = 'last') AS n_last,
        QUANTILE_DISC(canonical_value, 0.5) FILTER (WHERE season = 'first') AS first_value,
        QUANTILE_DISC(canonical_value, 0.5) FILTER (WHERE season = 'last') AS last_value
    FROM measured
    GROUP BY patient_key, analyte
)

SELECT
    *,
    CASE WHEN n_first >= 2 AND n_last >= 2 THEN last_value - first_value END AS moved_by
FROM gathered
