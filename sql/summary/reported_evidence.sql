-- One row per card of a reported event and record on its timeline: the bags of the course it is
-- laid to, else those of the 60 days† before it; the reports of it; and from a week before until
-- two weeks after† it the clinical events, and of each test that a case definition of it asks for
-- the six results† nearest to it.
-- A working table: the timelines read it.
WITH about AS (
    SELECT
        k.*,
        e.course_key,
        LEAST(k.event_on, k.started_on) - 7 AS from_on,
        k.event_on + 14 AS to_on,
        COALESCE(k.onset_at, CAST(k.event_on AS TIMESTAMP)) AS began_at
    FROM report.reported_card AS k
    INNER JOIN derived.reported_event AS e ON k.reported_event_key = e.reported_event_key
),

analyte AS (
    SELECT DISTINCT
        d.event,
        c.analyte
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE c.analyte IS NOT NULL
),

measured AS (
    SELECT
        a.reported_event_key,
        l.lab_result_key,
        ROW_NUMBER() OVER (
            PARTITION BY a.reported_event_key, l.analyte
            ORDER BY
                ABS(
                    DATE_DIFF(
                        'minute',
                        a.began_at,
                        COALESCE(l.collected_at, CAST(l.collected_on AS TIMESTAMP))
                    )
                ),
                l.lab_result_key
        ) AS nth_near
    FROM about AS a
    INNER JOIN analyte AS y ON a.event_code = y.event
    INNER JOIN derived.lab_result AS l
        ON
            a.patient_key = l.patient_key
            AND y.analyte = l.analyte
            AND a.from_on <= l.collected_on
            AND a.to_on >= l.collected_on
    WHERE l.doubt IS NULL OR l.doubt IN ('no_canonical_unit', 'after_death')
)

SELECT
    reported_event_key,
    'lab_result' AS record,
    lab_result_key AS record_key
FROM measured
WHERE nth_near <= 6
UNION ALL
SELECT
    a.reported_event_key,
    i.record,
    i.infusion_key AS record_key
FROM about AS a
INNER JOIN derived.infusion AS i ON a.patient_key = i.patient_key
WHERE
    i.exclusion IS NULL
    AND CASE
        WHEN a.course_key IS NOT NULL THEN a.course_key = i.course_key
        ELSE i.started_on BETWEEN a.event_on - 60 AND a.event_on
    END
UNION ALL
SELECT
    a.reported_event_key,
    'clinical_event' AS record,
    v.clinical_event_key AS record_key
FROM about AS a
INNER JOIN staged.clinical_event AS v
    ON a.patient_key = v.patient_key AND a.from_on <= v.occurred_on AND a.to_on >= v.occurred_on
UNION ALL
SELECT
    a.reported_event_key,
    'adverse_event' AS record,
    r.adverse_event_key AS record_key
FROM about AS a
INNER JOIN derived.event_report AS r ON a.reported_event_key = r.reported_event_key
