-- One row per precaution rule and course it asks about: does the patient have the risk?
-- All of `all_of` and one of `any_of` must be there. A precaution never accuses, and what only
-- codes show that nobody looked up is advisory.
WITH told AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        a.course_key,
        a.patient_key,
        a.product_contains,
        a.is_unread,
        COUNT(*) FILTER (WHERE NOT r.is_alternative) AS n_all,
        COUNT(*) FILTER (WHERE NOT r.is_alternative AND k.is_present) AS n_all_present,
        COUNT(*) FILTER (WHERE NOT r.is_alternative AND NOT k.is_present) AS n_all_absent,
        COUNT(*) FILTER (WHERE NOT r.is_alternative AND k.is_recalled) AS n_all_recalled,
        COUNT(*) FILTER (WHERE r.is_alternative) AS n_any,
        COUNT(*) FILTER (WHERE r.is_alternative AND k.is_present) AS n_any_present,
        COUNT(*) FILTER (WHERE r.is_alternative AND NOT k.is_present) AS n_any_absent,
        COUNT(*) FILTER (WHERE r.is_alternative AND k.is_recalled) AS n_any_recalled,
        MIN(k.doubt) FILTER (WHERE k.is_present IS NULL) AS doubt,
        FLATTEN(LIST(k.cites ORDER BY k.risk_factor) FILTER (WHERE k.cites IS NOT NULL)) AS cites,
        STRING_AGG(
            k.risk_name || ': ' || COALESCE(k.compared, 'on record'), CHR(10)
            ORDER BY k.risk_factor
        ) FILTER (WHERE k.is_present) AS found
    FROM audit.precaution_asked AS a
    INNER JOIN guideline.precaution_risk AS r ON a.rule_key = r.rule_key
    INNER JOIN audit.course_risk AS k
        ON a.course_key = k.course_key AND r.risk_factor = k.risk_factor
    GROUP BY ALL
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
)

SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN doubted = 'other_phase' THEN 'not_applicable'
        WHEN doubted IS NOT NULL THEN 'not_assessable'
        WHEN is_breached THEN 'breached'
        WHEN is_met THEN 'met'
    END AS status,
    doubted AS reason,
    CASE WHEN is_breached AND is_recalled THEN 'advisory' ELSE 'review' END AS severity,
    CASE WHEN is_breached AND is_recalled THEN 'risk_recalled' ELSE 'never_accuses' END AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'risk' AS clause,
    CASE
        WHEN is_breached
            THEN CONCAT_WS(CHR(10), 'the product holds: ' || product_contains, found)
    END AS workings,
    CASE WHEN is_breached THEN cites END AS cites
FROM judged
