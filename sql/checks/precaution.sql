-- One row per precaution rule and course it asks about: does the patient have the risk?
-- All of `all_of` and one of `any_of` must be there. A precaution never accuses, and what only
-- codes show that nobody looked up is advisory.
WITH risk AS MATERIALIZED (
    SELECT * FROM audit.course_risk
),

told AS (
    SELECT
        rule_key,
        course_key,
        MIN(set_key) AS set_key,
        MIN(patient_key) AS patient_key,
        MIN(reason) AS reason,
        BOOL_OR(is_unread) AS is_unread,
        COUNT(*) FILTER (WHERE NOT is_alternative) AS n_all,
        COUNT(*) FILTER (WHERE NOT is_alternative AND is_present) AS n_all_present,
        COUNT(*) FILTER (WHERE NOT is_alternative AND NOT is_present) AS n_all_absent,
        COUNT(*) FILTER (WHERE NOT is_alternative AND is_recalled) AS n_all_recalled,
        COUNT(*) FILTER (WHERE is_alternative) AS n_any,
        COUNT(*) FILTER (WHERE is_alternative AND is_present) AS n_any_present,
        COUNT(*) FILTER (WHERE is_alternative AND NOT is_present) AS n_any_absent,
        COUNT(*) FILTER (WHERE is_alternative AND is_recalled) AS n_any_recalled,
        MIN(doubt) FILTER (WHERE is_present IS NULL) AS doubt
    FROM risk
    GROUP BY rule_key, course_key
),

weighed AS (
    SELECT
        *,
        n_all_present = n_all AND (n_any = 0 OR n_any_present > 0) AS is_breached,
        n_all_absent > 0 OR (n_any > 0 AND n_any_absent = n_any) AS is_met,
        -- of the alternatives, one that somebody looked up is enough
        n_all_recalled > 0 OR (n_any_present > 0 AND n_any_recalled = n_any_present) AS is_recalled
    FROM told
),

judged AS (
    SELECT
        *,
        CASE
            WHEN reason IS NOT NULL THEN reason
            WHEN is_breached AND is_unread THEN 'contents_unknown'
            WHEN NOT is_breached AND NOT is_met THEN doubt
        END AS doubted
    FROM weighed
    WHERE is_breached OR NOT is_unread
),

found AS (
    -- what a breach rests on
    SELECT
        r.rule_key,
        r.course_key,
        FLATTEN(LIST(r.cites ORDER BY r.risk_name) FILTER (WHERE r.cites IS NOT NULL)) AS cites,
        CONCAT_WS(
            CHR(10),
            'the product holds: ' || MIN(r.product_contains),
            STRING_AGG(
                r.risk_name || ': ' || COALESCE(r.compared, 'on record'), CHR(10)
                ORDER BY r.risk_name
            )
        ) AS workings
    FROM risk AS r
    SEMI JOIN judged AS j
        ON r.rule_key = j.rule_key AND r.course_key = j.course_key AND j.is_breached
    WHERE r.is_present
    GROUP BY r.rule_key, r.course_key
)

SELECT
    j.rule_key,
    j.set_key,
    'course' AS subject_kind,
    j.course_key AS subject_key,
    j.course_key,
    j.patient_key,
    CASE
        WHEN j.doubted = 'other_phase' THEN 'not_applicable'
        WHEN j.doubted IS NOT NULL THEN 'not_assessable'
        WHEN j.is_breached THEN 'breached'
        WHEN j.is_met THEN 'met'
    END AS status,
    j.doubted AS reason,
    CASE WHEN j.is_breached AND j.is_recalled THEN 'advisory' ELSE 'review' END AS severity,
    CASE WHEN j.is_breached AND j.is_recalled THEN 'risk_recalled' ELSE 'never_accuses' END AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'risk' AS clause,
    f.workings,
    f.cites
FROM judged AS j
LEFT JOIN found AS f ON j.rule_key = f.rule_key AND j.course_key = f.course_key
UNION ALL
SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason = 'other_phase' THEN 'not_applicable'
        WHEN reason IS NOT NULL OR doubt IS NOT NULL THEN 'not_assessable'
        ELSE 'met'
    END AS status,
    COALESCE(reason, doubt) AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'risk' AS clause,
    NULL AS workings,
    NULL AS cites
FROM audit.precaution_quiet
