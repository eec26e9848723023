-- One row per criterion and exposure with anything to answer it. A change that an event may have
-- hidden, such as a fall by a transfusion, is not excluded: `is_masked`.
WITH every AS (
    SELECT
        criterion_key,
        subject_kind,
        subject_key,
        is_certain,
        is_excluded,
        n_results,
        met_at,
        met_lowest,
        met_highest,
        lowest_key,
        highest_key,
        NULL AS diagnosis_key,
        reason
    FROM temp.measured_answer
    UNION ALL
    SELECT
        criterion_key,
        subject_kind,
        subject_key,
        is_certain,
        is_excluded,
        n_results,
        met_at,
        NULL AS met_lowest,
        NULL AS met_highest,
        NULL AS lowest_key,
        NULL AS highest_key,
        diagnosis_key,
        reason
    FROM temp.recorded_answer
),

mask AS (
    SELECT DISTINCT
        c.criterion_key,
        s.subject_kind,
        s.subject_key
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    INNER JOIN temp.subject AS s ON d.window_of = s.window_of
    INNER JOIN staged.clinical_event AS v
        ON
            s.patient_key = v.patient_key
            AND c.masked_by = v.event_code
            AND CAST(s.opens_earliest AS DATE) <= v.occurred_on
            AND CAST(s.closes_latest AS DATE) >= v.occurred_on
)

SELECT
    c.definition_id,
    c.group_number,
    c.is_lead,
    c.measure,
    c.comparison,
    c.analyte,
    c.baseline,
    e.*
    EXCLUDE (is_excluded, reason),
    e.is_excluded AND m.criterion_key IS NULL AS is_excluded,
    CASE
        WHEN e.is_excluded AND m.criterion_key IS NOT NULL THEN 'nadir_masked'
        ELSE e.reason
    END AS reason
FROM every AS e
INNER JOIN guideline.definition_criterion AS c ON e.criterion_key = c.criterion_key
LEFT JOIN mask AS m
    ON
        e.criterion_key = m.criterion_key
        AND e.subject_kind = m.subject_kind
        AND e.subject_key = m.subject_key
