-- One row per criterion asked of diagnoses, events or another definition, and exposure with
-- anything to answer it. A code has a day: it lies in the window when its day does. One that cannot
-- be placed, or of which nobody says whether it was there on admission, leaves it open; that no
-- code was written says no only where somebody coded after the window had closed.
WITH criterion AS (
    SELECT
        c.criterion_key,
        c.measure,
        c.clinical_event,
        c.other_definition,
        d.window_of,
        d.subject_kind
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
),

coded_window AS (
    SELECT DISTINCT window_of
    FROM criterion
    WHERE measure = 'diagnosis'
),

near AS (
    SELECT
        s.window_of,
        s.subject_kind,
        s.subject_key,
        d.diagnosis_key,
        d.code_system,
        d.code,
        d.is_new,
        d.told_on,
        d.earliest_on,
        CAST(s.opens_earliest AS DATE) <= d.earliest_on
        AND CAST(s.closes_latest AS DATE) >= d.latest_on AS is_inside,
        -- somebody wrote codes when the window had closed
        d.told_on IS NOT NULL AND CAST(s.closes_earliest AS DATE) <= d.latest_on AS is_proof
    FROM temp.subject AS s
    INNER JOIN temp.coded AS d
        ON
            s.patient_key = d.patient_key
            AND CAST(s.opens_earliest AS DATE) <= d.latest_on
            AND CAST(s.closes_latest AS DATE) >= d.earliest_on
    SEMI JOIN coded_window AS w ON s.window_of = w.window_of
),

asked AS (
    SELECT
        c.criterion_key,
        n.subject_kind,
        n.subject_key,
        m.criterion_key IS NOT NULL AS is_meant,
        m.criterion_key IS NOT NULL AND n.is_inside AND n.is_new AS is_certain,
        n.is_proof,
        n.diagnosis_key,
        n.told_on
    FROM criterion AS c
    INNER JOIN near AS n ON c.window_of = n.window_of AND c.subject_kind = n.subject_kind
    LEFT JOIN temp.code_meant AS m
        ON
            n.code_system = m.code_system
            AND n.code = m.code
            AND c.criterion_key = m.criterion_key
    WHERE c.measure = 'diagnosis'
),

of_event AS (
    SELECT
        c.criterion_key,
        s.subject_kind,
        s.subject_key,
        MIN(COALESCE(v.occurred_at, CAST(v.occurred_on AS TIMESTAMP))) AS met_at
    FROM criterion AS c
    INNER JOIN temp.subject AS s
        ON c.window_of = s.window_of AND c.subject_kind = s.subject_kind
    INNER JOIN staged.clinical_event AS v
        ON
            s.patient_key = v.patient_key
            AND c.clinical_event = v.event_code
            AND CAST(s.opens_latest AS DATE) <= v.occurred_on
            AND CAST(s.closes_earliest AS DATE) >= v.occurred_on
    WHERE c.measure = 'clinical_event'
    GROUP BY c.criterion_key, s.subject_kind, s.subject_key
),

of_definition AS (
    SELECT
        c.criterion_key,
        e.subject_kind,
        e.subject_key,
        k.status = 'met' AS is_certain,
        k.status = 'not_met' AS is_excluded,
        k.occurred_at AS met_at
    FROM criterion AS c
    INNER JOIN temp.kidney_signal AS k ON c.other_definition = k.definition_id
    INNER JOIN temp.exposure AS e
        ON c.subject_kind = e.subject_kind AND k.course_key = e.course_key
    WHERE c.measure = 'definition' AND k.status <> 'not_evaluable'
)

SELECT
    criterion_key,
    subject_kind,
    subject_key,
    BOOL_OR(is_certain) AS is_certain,
    NOT BOOL_OR(is_meant) AND BOOL_OR(is_proof) AS is_excluded,
    NULL AS n_results,
    CAST(MIN(told_on) FILTER (WHERE is_certain) AS TIMESTAMP) AS met_at,
    MIN(diagnosis_key) FILTER (WHERE is_certain) AS diagnosis_key,
    IF(BOOL_OR(is_meant), 'timing_unknown', 'not_coded_after') AS reason
FROM asked
GROUP BY criterion_key, subject_kind, subject_key
UNION ALL
SELECT
    criterion_key,
    subject_kind,
    subject_key,
    TRUE AS is_certain,
    FALSE AS is_excluded,
    NULL AS n_results,
    met_at,
    NULL AS diagnosis_key,
    NULL AS reason
FROM of_event
UNION ALL
SELECT
    criterion_key,
    subject_kind,
    subject_key,
    is_certain,
    is_excluded,
    NULL AS n_results,
    met_at,
    NULL AS diagnosis_key,
    NULL AS reason
FROM of_definition
