-- One row per step of time (month, quarter, year or decade of the period) and one for all of it
-- (`step` `all`): grams given, admissions begun in it (encounters of kind `inpatient`), and grams
-- per 1,000 admissions. No rate where the records of encounters do not reach over the whole step
-- (`is_covered`), and none where half† or more of the `n_admitted` patients of the period were
-- given immunoglobulin in it (all others: `n_untreated`): these are not the admissions of a
-- hospital (`is_hospital`). `n_kind_unknown`: encounters of no recorded kind, not counted.
WITH stay AS (
    SELECT
        e.patient_key,
        e.started_on,
        e.kind
    FROM staged.encounter AS e
    CROSS JOIN report.period AS p
    WHERE
        (e.kind = 'inpatient' OR e.kind IS NULL)
        AND e.started_on >= p.from_on
        AND e.started_on <= p.to_on
),

admitted AS (
    SELECT
        COUNT(DISTINCT s.patient_key) AS n_admitted,
        COUNT(DISTINCT s.patient_key) FILTER (WHERE u.patient_key IS NULL) AS n_untreated
    FROM stay AS s
    LEFT JOIN temp.patient_use AS u ON s.patient_key = u.patient_key
    WHERE s.kind = 'inpatient'
),

reach AS (
    SELECT
        MAX(from_on) AS from_on,
        MIN(to_on) AS to_on
    FROM staged.coverage
    WHERE record = 'encounter'
),

daily AS (
    SELECT
        started_on,
        COUNT(kind) AS n_admissions,
        COUNT(*) - COUNT(kind) AS n_kind_unknown
    FROM stay
    GROUP BY started_on
),

counted AS (
    SELECT
        g.step,
        g.begins_on,
        t.is_partial,
        g.grams,
        (r.from_on <= t.from_on AND r.to_on >= t.to_on) IS TRUE AS is_covered,
        CASE WHEN COUNT(d.started_on) = 0 THEN 0 ELSE SUM(d.n_admissions) END AS n_admissions,
        CASE WHEN COUNT(d.started_on) = 0 THEN 0 ELSE SUM(d.n_kind_unknown) END
            AS n_kind_unknown
    FROM temp.time_step AS t
    INNER JOIN report.indication_step AS g
        ON t.step = g.step AND t.begins_on = g.begins_on AND g.is_total
    CROSS JOIN reach AS r
    LEFT JOIN daily AS d ON t.from_on <= d.started_on AND t.to_on >= d.started_on
    WHERE 'encounter' IN (SELECT s.record FROM audit.record_supplied AS s)
    GROUP BY
        g.step, g.begins_on, t.is_partial, g.grams, r.from_on, r.to_on, t.from_on, t.to_on
)

SELECT
    c.step,
    c.begins_on,
    c.is_partial,
    c.grams,
    c.is_covered,
    CAST(c.n_admissions AS BIGINT) AS n_admissions,
    CAST(c.n_kind_unknown AS BIGINT) AS n_kind_unknown,
    a.n_admitted,
    a.n_untreated,
    a.n_untreated * 2 > a.n_admitted AS is_hospital,
    CASE
        WHEN c.is_covered AND a.n_untreated * 2 > a.n_admitted
            THEN CAST(c.grams * 1000 / NULLIF(c.n_admissions, 0) AS DECIMAL(18, 3))
    END AS g_per_1000
FROM counted AS c
CROSS JOIN admitted AS a
