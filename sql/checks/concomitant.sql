-- One row per concomitant rule and course it could apply to: was the medicine given around it?
-- That it was not found counts only with proof that it would have been seen (audit.miss_proof), and
-- where none of those days has one in a code system in which the code list does not know it.
WITH windowed AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        c.course_key,
        c.patient_key,
        c.site_id,
        c.is_open,
        r.medicine,
        c.started_on + r.from_days AS from_on,
        c.last_on + r.to_days AS to_on
    FROM audit.applicable AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    LEFT JOIN guideline.concomitant AS r ON a.rule_key = r.rule_key
    WHERE a.kind = 'concomitant'
),

coded AS (
    SELECT DISTINCT
        t.medication_key,
        m.medicine
    FROM staged.medication AS t
    INNER JOIN guideline.medicine AS m
        ON t.code_system = m.code_system AND UPPER(t.code) LIKE m.code_pattern
),

given AS (
    SELECT DISTINCT
        w.rule_key,
        w.course_key
    FROM windowed AS w
    INNER JOIN staged.medication AS t ON w.patient_key = t.patient_key
    INNER JOIN coded AS k ON t.medication_key = k.medication_key AND w.medicine = k.medicine
    WHERE t.started_on <= w.to_on AND (t.ended_on IS NULL OR t.ended_on >= w.from_on)
),

legible AS (
    SELECT DISTINCT
        medicine,
        code_system
    FROM guideline.medicine
),

unread AS (
    SELECT DISTINCT
        w.rule_key,
        w.course_key
    FROM windowed AS w
    INNER JOIN staged.medication AS t ON w.patient_key = t.patient_key
    LEFT JOIN legible AS l ON w.medicine = l.medicine AND t.code_system = l.code_system
    WHERE
        l.medicine IS NULL
        AND t.started_on <= w.to_on
        AND (t.ended_on IS NULL OR t.ended_on >= w.from_on)
),

proven AS (
    SELECT DISTINCT
        w.rule_key,
        w.course_key
    FROM windowed AS w
    INNER JOIN legible AS l ON w.medicine = l.medicine
    INNER JOIN audit.miss_proof AS v
        ON
            v.record = 'medication'
            AND w.patient_key = v.patient_key
            AND l.code_system = v.code_system
            AND w.from_on >= v.complete_from_on
            AND w.to_on <= v.complete_to_on
            AND w.from_on <= v.seen_to_on
            AND w.to_on >= v.seen_from_on
    WHERE v.site_id IS NULL OR w.site_id = v.site_id
),

judged AS (
    SELECT
        w.rule_key,
        w.set_key,
        w.course_key,
        w.patient_key,
        CASE
            WHEN w.reason IS NOT NULL THEN w.reason
            WHEN g.course_key IS NOT NULL THEN NULL
            WHEN p.record IS NULL THEN 'table_not_supplied'
            WHEN x.course_key IS NOT NULL THEN 'codes_not_readable'
            WHEN w.is_open THEN 'course_open'
            WHEN v.course_key IS NULL THEN 'outside_coverage'
        END AS reason,
        g.course_key IS NOT NULL AS is_given
    FROM windowed AS w
    LEFT JOIN audit.record_supplied AS p ON p.record = 'medication'
    LEFT JOIN given AS g ON w.rule_key = g.rule_key AND w.course_key = g.course_key
    LEFT JOIN unread AS x ON w.rule_key = x.rule_key AND w.course_key = x.course_key
    LEFT JOIN proven AS v ON w.rule_key = v.rule_key AND w.course_key = v.course_key
)

SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason = 'other_phase' THEN 'not_applicable'
        WHEN reason IS NOT NULL THEN 'not_assessable'
        WHEN is_given THEN 'met'
        ELSE 'breached'
    END AS status,
    reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'medicine' AS clause
FROM judged
