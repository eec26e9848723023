-- One row per case definition and exposure that has an answer: those of definitions with SQL of
-- their own and those of guideline.definition_criterion, with the result or code that shows it.
WITH lead AS (
    SELECT
        a.definition_id,
        a.subject_kind,
        a.subject_key,
        IF(a.measure = 'fall' OR a.comparison IN ('at_most', 'below'), 'low', 'high') AS direction,
        IF(
            a.measure = 'fall' OR a.comparison IN ('at_most', 'below'), a.lowest_key, a.highest_key
        ) AS lab_result_key,
        a.met_lowest,
        a.met_highest,
        -- over an old baseline: had it risen so far since the last value before, too?
        a.measure = 'ratio'
        AND a.baseline <> 'last'
        AND b.base_least IS NOT NULL
        AND NOT COALESCE(
            a.met_highest >= CAST(c.exact_limit * b.base_most AS DECIMAL(28, 9)), FALSE
        ) AS is_begun_before,
        b.lowest,
        b.highest,
        v.base_least,
        v.base_most
    FROM temp.criterion_answer AS a
    INNER JOIN guideline.definition_criterion AS c ON a.criterion_key = c.criterion_key
    LEFT JOIN temp.baseline AS b
        ON
            a.subject_kind = b.subject_kind
            AND a.subject_key = b.subject_key
            AND a.analyte = b.analyte
            AND b.baseline = 'last'
    LEFT JOIN temp.baseline AS v
        ON
            a.subject_kind = v.subject_kind
            AND a.subject_key = v.subject_key
            AND a.analyte = v.analyte
            AND a.baseline = v.baseline
    WHERE a.is_lead AND a.is_certain
)

SELECT
    a.definition_id,
    d.event,
    a.subject_kind,
    a.subject_key,
    e.course_key,
    e.session_key,
    e.patient_key,
    e.started_on,
    e.from_earliest,
    a.status,
    a.reason,
    a.stage,
    CAST(a.n_results AS BIGINT) AS n_results,
    a.occurred_at,
    a.shown_at,
    l.lab_result_key,
    a.diagnosis_key,
    r.canonical_value AS observed,
    CASE
        WHEN l.base_least = l.base_most
            THEN CAST(ROUND(l.base_most / y.divisor, 6) AS DECIMAL(18, 6))
    END AS baseline,
    y.canonical_unit AS unit,
    NULLIF(
        CONCAT_WS(
            ' ',
            CASE
                WHEN l.direction = 'low' AND l.lowest <= l.met_lowest THEN 'seen_before_exposure'
                WHEN l.direction = 'high' AND l.highest >= l.met_highest
                    THEN 'seen_before_exposure'
            END,
            CASE WHEN l.is_begun_before THEN 'rising_before_exposure' END
        ),
        ''
    ) AS own_guards
FROM temp.definition_answer AS a
INNER JOIN guideline.definition AS d USING (definition_id)
INNER JOIN temp.exposure AS e
    ON a.subject_kind = e.subject_kind AND a.subject_key = e.subject_key
LEFT JOIN lead AS l
    ON
        a.status = 'met'
        AND a.definition_id = l.definition_id
        AND a.subject_kind = l.subject_kind
        AND a.subject_key = l.subject_key
LEFT JOIN derived.lab_result AS r ON l.lab_result_key = r.lab_result_key
LEFT JOIN guideline.lab_analyte AS y ON r.analyte = y.analyte
UNION ALL
SELECT
    k.definition_id,
    k.event,
    'course' AS subject_kind,
    k.course_key AS subject_key,
    k.course_key,
    NULL AS session_key,
    k.patient_key,
    e.started_on,
    e.from_earliest,
    k.status,
    k.reason,
    k.stage,
    k.n_results,
    k.occurred_at,
    k.occurred_at AS shown_at,
    k.lab_result_key,
    NULL AS diagnosis_key,
    k.observed,
    k.baseline,
    k.unit,
    k.guards AS own_guards
FROM temp.kidney_signal AS k
INNER JOIN temp.exposure AS e ON e.subject_kind = 'course' AND k.course_key = e.subject_key
-- what nothing was measured for is silent here as everywhere, and counted by audit.observability
WHERE k.reason IS DISTINCT FROM 'no_result'
