-- One row per detected event, record behind or beside it and role: what was given, of each test its
-- definitions ask for the lowest, the highest and the last result before and after, and the first
-- three after, and the same of results dated after death, the codes and events that meet a
-- criterion or a guard, and the reports of it.
WITH about AS (
    SELECT
        d.*,
        d.started_on - 7 AS from_on
    FROM audit.detected_event AS d
),

analyte AS (
    SELECT DISTINCT
        d.event,
        c.analyte
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE c.analyte IS NOT NULL
),

code_of_event AS (
    SELECT DISTINCT
        d.event,
        m.code_system,
        m.code
    FROM temp.code_meant AS m
    INNER JOIN guideline.definition_criterion AS c ON m.criterion_key = c.criterion_key
    INNER JOIN guideline.definition AS d ON c.definition_id = d.definition_id
    UNION
    SELECT DISTINCT
        g.event,
        m.code_system,
        m.code
    FROM temp.code_meant AS m
    INNER JOIN guideline.event_guard AS g ON m.guard_key = g.guard_key
),

event_of_event AS (
    SELECT DISTINCT
        d.event,
        c.clinical_event
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE c.clinical_event IS NOT NULL
    UNION
    SELECT DISTINCT
        event,
        clinical_event
    FROM guideline.event_guard
    WHERE clinical_event IS NOT NULL
),

measured AS (
    SELECT
        a.detected_event_key,
        l.lab_result_key,
        l.analyte,
        l.canonical_value,
        COALESCE(l.collected_at, CAST(l.collected_on AS TIMESTAMP)) AS taken_at,
        COALESCE(l.collected_at, CAST(l.collected_on AS TIMESTAMP)) < e.from_earliest AS is_before,
        -- nothing rests on them, and a reader must see that they are there
        (l.doubt = 'after_death') IS TRUE AS is_after_death
    FROM about AS a
    INNER JOIN temp.exposure AS e
        ON a.subject_kind = e.subject_kind AND a.subject_key = e.subject_key
    INNER JOIN analyte AS y ON a.event = y.event
    INNER JOIN derived.lab_result AS l
        ON
            a.patient_key = l.patient_key
            AND y.analyte = l.analyte
            AND a.from_on <= l.collected_on
            AND a.window_to_on >= l.collected_on
    WHERE l.doubt IS NULL OR l.doubt IN ('no_canonical_unit', 'after_death')
),

ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (of_side ORDER BY taken_at DESC, lab_result_key DESC) AS nth_last,
        ROW_NUMBER() OVER (of_side ORDER BY canonical_value, taken_at, lab_result_key) AS nth_low,
        ROW_NUMBER() OVER (
            of_side ORDER BY canonical_value DESC, taken_at DESC, lab_result_key DESC
        ) AS nth_high,
        ROW_NUMBER() OVER (of_side ORDER BY taken_at, lab_result_key) AS nth_first
    FROM measured
    WINDOW of_side AS (PARTITION BY detected_event_key, analyte, is_before, is_after_death)
)

SELECT
    detected_event_key,
    'lab_result' AS record,
    lab_result_key AS record_key,
    IF(is_before, 'before', 'after') AS part
FROM ranked
WHERE
    nth_last = 1
    OR nth_low = 1
    OR nth_high = 1
    OR (NOT is_before AND nth_first <= 3)
UNION
SELECT
    a.detected_event_key,
    i.record,
    i.infusion_key AS record_key,
    'given' AS part
FROM about AS a
INNER JOIN derived.infusion AS i ON a.course_key = i.course_key
WHERE i.exclusion IS NULL
UNION
SELECT
    a.detected_event_key,
    'diagnosis' AS record,
    d.diagnosis_key AS record_key,
    'diagnosis' AS part
FROM about AS a
INNER JOIN temp.coded AS d
    ON
        a.patient_key = d.patient_key
        AND a.from_on <= d.latest_on
        AND a.window_to_on >= d.earliest_on
INNER JOIN code_of_event AS c
    ON a.event = c.event AND d.code_system = c.code_system AND d.code = c.code
UNION
SELECT
    a.detected_event_key,
    'clinical_event' AS record,
    v.clinical_event_key AS record_key,
    'event' AS part
FROM about AS a
INNER JOIN event_of_event AS e ON a.event = e.event
INNER JOIN staged.clinical_event AS v
    ON
        a.patient_key = v.patient_key
        AND e.clinical_event = v.event_code
        AND a.started_on - 28 <= v.occurred_on
        AND a.window_to_on >= v.occurred_on
UNION
SELECT
    a.detected_event_key,
    'medication' AS record,
    t.medication_key AS record_key,
    'medicine' AS part
FROM about AS a
INNER JOIN staged.medication AS t
    ON
        a.patient_key = t.patient_key
        AND a.started_on - 30 <= COALESCE(t.ended_on, t.started_on)
        AND a.window_to_on >= t.started_on
INNER JOIN code_of_event AS c
    ON a.event = c.event AND t.code_system = c.code_system AND t.code = c.code
UNION
SELECT
    a.detected_event_key,
    'adverse_event' AS record,
    r.adverse_event_key AS record_key,
    'report' AS part
FROM about AS a
INNER JOIN derived.event_report AS r ON a.reported_event_key = r.reported_event_key
