-- One row per premedication rule and session of a course it could apply to: did one of its
-- medicines begin in the hours† before the session? What may be given and was not is no breach.
-- That none was found counts only with proof (audit.miss_proof) by a medicine in a code system that
-- the code list can read.
WITH asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        s.session_key,
        s.course_key,
        s.patient_key,
        s.site_id,
        s.started_at,
        s.started_on,
        s.started_at - TO_SECONDS(COALESCE(r.hours_before, p.premedication_hours) * 3600)
            AS from_at,
        r.is_optional
    FROM audit.applicable AS a
    INNER JOIN guideline.premedication AS r ON a.rule_key = r.rule_key
    CROSS JOIN guideline.policy AS p
    INNER JOIN derived.session AS s ON a.course_key = s.course_key
    WHERE a.kind = 'premedication'
),

coded AS (
    SELECT DISTINCT
        m.rule_key,
        t.medication_key
    FROM guideline.premedication_medicine AS m
    INNER JOIN guideline.medicine AS c ON m.medicine = c.medicine
    INNER JOIN staged.medication AS t
        ON c.code_system = t.code_system AND UPPER(t.code) LIKE c.code_pattern
),

dose AS (
    -- under the day of the session, which may be the day after
    SELECT
        c.rule_key,
        t.patient_key,
        t.started_at,
        t.started_on,
        UNNEST([t.started_on, t.started_on + 1]) AS session_on
    FROM coded AS c
    INNER JOIN staged.medication AS t ON c.medication_key = t.medication_key
),

near AS (
    SELECT
        a.rule_key,
        a.session_key,
        BOOL_OR(d.started_at >= a.from_at AND d.started_at <= a.started_at) AS is_given,
        -- without a clock time, one of the same day may be the one looked for
        BOOL_OR(
            a.started_on = d.started_on AND (d.started_at IS NULL OR a.started_at IS NULL)
        ) AS is_untimed
    FROM asked AS a
    INNER JOIN dose AS d
        ON
            a.rule_key = d.rule_key
            AND a.patient_key = d.patient_key
            AND a.started_on = d.session_on
    GROUP BY a.rule_key, a.session_key
),

legible AS (
    SELECT DISTINCT
        m.rule_key,
        c.code_system
    FROM guideline.premedication_medicine AS m
    INNER JOIN guideline.medicine AS c ON m.medicine = c.medicine
),

unread AS (
    SELECT DISTINCT
        a.rule_key,
        a.session_key
    FROM asked AS a
    INNER JOIN staged.medication AS t
        ON a.patient_key = t.patient_key AND a.started_on = t.started_on
    ANTI JOIN legible AS l ON a.rule_key = l.rule_key AND t.code_system = l.code_system
),

proven AS (
    SELECT DISTINCT
        a.rule_key,
        a.session_key
    FROM asked AS a
    INNER JOIN audit.miss_proof AS v
        ON
            v.record = 'medication'
            AND a.patient_key = v.patient_key
            AND a.started_on >= v.complete_from_on
            AND a.started_on <= v.complete_to_on
            AND a.started_on >= v.seen_from_on
            AND a.started_on <= v.seen_to_on
    INNER JOIN legible AS l ON a.rule_key = l.rule_key AND v.code_system = l.code_system
    WHERE v.site_id IS NULL OR a.site_id = v.site_id
),

judged AS (
    SELECT
        a.*,
        n.is_given IS TRUE AS is_given,
        CASE
            WHEN a.reason IS NOT NULL THEN a.reason
            WHEN n.is_given THEN NULL
            WHEN p.record IS NULL THEN 'table_not_supplied'
            WHEN n.is_untimed THEN 'time_unknown'
            WHEN x.session_key IS NOT NULL THEN 'codes_not_readable'
            WHEN v.session_key IS NULL THEN 'outside_coverage'
            WHEN a.is_optional THEN 'optional'
        END AS doubt
    FROM asked AS a
    LEFT JOIN audit.record_supplied AS p ON p.record = 'medication'
    LEFT JOIN near AS n ON a.rule_key = n.rule_key AND a.session_key = n.session_key
    LEFT JOIN unread AS x ON a.rule_key = x.rule_key AND a.session_key = x.session_key
    LEFT JOIN proven AS v ON a.rule_key = v.rule_key AND a.session_key = v.session_key
)

SELECT
    rule_key,
    set_key,
    'session' AS subject_kind,
    session_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN doubt IN ('other_phase', 'optional') THEN 'not_applicable'
        WHEN doubt IS NOT NULL THEN 'not_assessable'
        WHEN is_given THEN 'met'
        ELSE 'breached'
    END AS status,
    doubt AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'medicine' AS clause
FROM judged
