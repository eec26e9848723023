-- One row per exposure, analyte and kind of baseline: between which values it lies. `last` is the
-- last value before the exposure; where a day without an hour leaves open which was last, each may
-- be it. `median_of_year` is the median of 8 to 365 days before (NHS algorithm). `imputed` is the
-- creatinine at which the MDRD equation gives 75 for age and sex: nobody measured it.
-- `lowest` and `highest` are those of the days before, for a value that was there already.
WITH asked AS (
    SELECT DISTINCT
        d.subject_kind,
        c.analyte,
        c.look_back_hours
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE
        c.analyte IS NOT NULL
        AND (c.baseline IS NOT NULL OR c.is_lead)
),

-- a baseline that nothing follows decides nothing
wanted AS (
    SELECT DISTINCT
        f.subject_kind,
        f.subject_key,
        f.analyte
    FROM temp.followed AS f
),

exposed AS (
    SELECT
        e.subject_kind,
        e.subject_key,
        e.patient_key,
        e.from_earliest,
        e.from_latest,
        w.analyte
    FROM temp.exposure AS e
    INNER JOIN wanted AS w
        ON e.subject_kind = w.subject_kind AND e.subject_key = w.subject_key
),

near AS (
    SELECT
        e.subject_kind,
        e.subject_key,
        r.analyte,
        r.taken_from,
        r.taken_to,
        r.is_read,
        r.at_least,
        r.at_most,
        IF(r.is_timed, r.taken_to < e.from_earliest, r.taken_to <= e.from_earliest) AS is_before
    FROM exposed AS e
    INNER JOIN asked AS a ON e.subject_kind = a.subject_kind AND e.analyte = a.analyte
    INNER JOIN temp.sample AS r
        ON
            e.patient_key = r.patient_key
            AND e.analyte = r.analyte
            AND e.from_latest > r.taken_from
            AND e.from_earliest - TO_HOURS(a.look_back_hours) <= r.taken_from
),

placed AS (
    SELECT
        *,
        MAX(taken_from) FILTER (WHERE is_before)
            OVER (PARTITION BY subject_kind, subject_key, analyte)
            AS last_from
    FROM near
),

candidate AS (
    SELECT
        *,
        NOT is_before OR taken_to >= last_from AS is_candidate
    FROM placed
    WHERE last_from IS NOT NULL
),

last_value AS (
    SELECT
        subject_kind,
        subject_key,
        analyte,
        'last' AS baseline,
        MIN(at_least) FILTER (WHERE is_candidate) AS base_least,
        CASE
            WHEN COUNT(at_most) FILTER (WHERE is_candidate) = COUNT(*) FILTER (WHERE is_candidate)
                THEN MAX(at_most) FILTER (WHERE is_candidate)
        END AS base_most,
        MIN(at_most) FILTER (WHERE is_before AND is_read) AS lowest,
        MAX(at_least) FILTER (WHERE is_before AND is_read) AS highest
    FROM candidate
    GROUP BY subject_kind, subject_key, analyte
),

year_asked AS (
    SELECT DISTINCT
        d.subject_kind,
        c.analyte
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE c.baseline = 'median_of_year'
),

year_before AS (
    SELECT
        e.subject_kind,
        e.subject_key,
        r.analyte,
        LIST_SORT(LIST(r.at_least)) AS lows,
        LIST_SORT(LIST(COALESCE(r.at_most, CAST(1e15 AS DECIMAL(28, 9))))) AS highs,
        COUNT(*) AS n
    FROM exposed AS e
    INNER JOIN year_asked AS a ON e.subject_kind = a.subject_kind AND e.analyte = a.analyte
    INNER JOIN temp.sample AS r
        ON
            e.patient_key = r.patient_key
            AND e.analyte = r.analyte
            AND e.from_earliest - INTERVAL 8 DAY >= r.taken_to
            AND e.from_earliest - INTERVAL 365 DAY <= r.taken_from
    GROUP BY e.subject_kind, e.subject_key, r.analyte
),

median_value AS (
    SELECT
        subject_kind,
        subject_key,
        analyte,
        'median_of_year' AS baseline,
        CAST((lows[(n + 1) // 2] + lows[n // 2 + 1]) * 0.5 AS DECIMAL(28, 9)) AS base_least,
        CASE
            WHEN highs[n // 2 + 1] < 1e15
                THEN CAST((highs[(n + 1) // 2] + highs[n // 2 + 1]) * 0.5 AS DECIMAL(28, 9))
        END AS base_most
    FROM year_before
),

-- (75 / (186 x age^-0.203 x (0.742 if female)))^(-1 / 1.154) in mg/dL
imputed_value AS (
    SELECT
        e.subject_kind,
        e.subject_key,
        c.analyte,
        'imputed' AS baseline,
        CAST(
            ROUND(
                POWER(
                    75 / (186 * POWER(e.age_years, -0.203) * IF(e.sex = 'F', 0.742, 1)),
                    -1 / 1.154
                ),
                3
            ) * y.divisor AS DECIMAL(28, 9)
        ) AS base_least
    FROM temp.exposure AS e
    INNER JOIN (
        SELECT DISTINCT
            d.subject_kind,
            c.analyte
        FROM guideline.definition_criterion AS c
        INNER JOIN guideline.definition AS d USING (definition_id)
        WHERE c.baseline = 'imputed'
    ) AS c ON e.subject_kind = c.subject_kind
    INNER JOIN guideline.lab_analyte AS y ON c.analyte = y.analyte
    WHERE e.age_years > 0 AND e.sex IN ('F', 'M')
)

SELECT * FROM last_value
UNION ALL
SELECT
    *,
    NULL AS lowest,
    NULL AS highest
FROM median_value
UNION ALL
SELECT
    *,
    base_least AS base_most,
    NULL AS lowest,
    NULL AS highest
FROM imputed_value
