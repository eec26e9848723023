-- One row per monitoring rule and subject it could apply to, a course or each session of one: was
-- one of its tests taken in its window? That none was is a miss only with proof: audit.miss_proof.
-- A test missed never makes a course off guideline. Where the rule is not asked there is no row.
WITH sample AS (
    SELECT
        t.rule_key,
        s.patient_key,
        s.collected_on,
        s.is_trough,
        -- a sample without a clock time may be of any hour of its day
        COALESCE(s.collected_at, CAST(s.collected_on AS TIMESTAMP)) AS earliest_at,
        COALESCE(
            s.collected_at, CAST(s.collected_on + 1 AS TIMESTAMP) - INTERVAL 1 MICROSECOND
        ) AS latest_at,
        s.collected_at
    FROM audit.monitoring_sample AS s
    INNER JOIN guideline.monitoring_test AS t ON s.analyte = t.analyte
),

asked AS (
    SELECT
        *,
        COALESCE(anchor_at, CAST(anchor_on AS TIMESTAMP)) AS anchor_from_at,
        COALESCE(
            anchor_at, CAST(anchor_on + 1 AS TIMESTAMP) - INTERVAL 1 MICROSECOND
        ) AS anchor_to_at
    FROM audit.monitoring_asked
),

near AS (
    SELECT
        a.rule_key,
        a.subject_key,
        CASE
            WHEN a.is_in_hours
                THEN
                    s.earliest_at
                    >= a.anchor_to_at + TO_SECONDS(a.hours_after_min * 3600)
                    AND s.latest_at <= a.anchor_from_at + TO_SECONDS(a.hours_after_max * 3600)
            WHEN a.is_before AND s.collected_on = a.anchor_on
                THEN s.collected_at <= a.anchor_at
            ELSE TRUE
        END AS is_sure,
        CASE
            WHEN a.is_in_hours
                THEN
                    s.latest_at
                    >= a.anchor_from_at + TO_SECONDS(a.hours_after_min * 3600)
                    AND s.earliest_at <= a.anchor_to_at + TO_SECONDS(a.hours_after_max * 3600)
            WHEN a.is_before AND s.collected_on = a.anchor_on
                THEN COALESCE(s.collected_at <= a.anchor_at, TRUE)
            ELSE TRUE
        END AS is_possible,
        NOT a.is_trough OR s.is_trough AS is_right
    FROM asked AS a
    INNER JOIN sample AS s
        ON
            a.rule_key = s.rule_key
            AND a.patient_key = s.patient_key
            AND s.collected_on BETWEEN a.from_on AND a.to_on
    WHERE a.reason IS NULL
),

found AS (
    SELECT
        rule_key,
        subject_key,
        BOOL_OR(is_sure AND is_right) AS is_taken,
        BOOL_OR(is_possible AND is_right IS NOT FALSE) AS is_perhaps
    FROM near
    GROUP BY rule_key, subject_key
),

-- that none was there is a miss only with proof that one would have been seen
proven AS (
    SELECT DISTINCT
        a.rule_key,
        a.subject_key
    FROM asked AS a
    LEFT JOIN found AS f ON a.rule_key = f.rule_key AND a.subject_key = f.subject_key
    INNER JOIN audit.miss_proof AS v
        ON
            v.record = 'lab_result'
            AND a.patient_key = v.patient_key
            AND a.from_on >= v.complete_from_on
            AND a.to_on <= v.complete_to_on
            AND a.from_on <= v.seen_to_on
            AND a.to_on >= v.seen_from_on
    WHERE
        a.reason IS NULL
        AND f.is_taken IS NOT TRUE
        AND (v.site_id IS NULL OR a.site_id = v.site_id)
),

named AS (
    SELECT
        m.rule_key,
        STRING_AGG(a.name, ' or ' ORDER BY a.name) AS tests
    FROM guideline.monitoring_test AS m
    INNER JOIN guideline.lab_analyte AS a ON m.analyte = a.analyte
    GROUP BY m.rule_key
),

judged AS (
    SELECT
        a.*,
        a.is_on_record OR f.is_taken IS TRUE AS is_taken,
        CASE
            WHEN a.is_on_record THEN NULL
            WHEN a.reason IS NOT NULL THEN a.reason
            WHEN f.is_taken THEN NULL
            WHEN u.record IS NULL THEN 'table_not_supplied'
            WHEN f.is_perhaps THEN 'sample_time_unknown'
            WHEN v.subject_key IS NULL THEN 'outside_coverage'
        END AS doubt,
        n.tests || ': none from ' || a.from_on || ' to ' || a.to_on AS workings,
        a.from_on - p.lab_proof_days AS near_from_on,
        a.to_on + p.lab_proof_days AS near_to_on
    FROM asked AS a
    CROSS JOIN guideline.policy AS p
    LEFT JOIN named AS n ON a.rule_key = n.rule_key
    LEFT JOIN audit.record_supplied AS u ON u.record = 'lab_result'
    LEFT JOIN found AS f ON a.rule_key = f.rule_key AND a.subject_key = f.subject_key
    LEFT JOIN proven AS v ON a.rule_key = v.rule_key AND a.subject_key = v.subject_key
),

beside AS (
    -- the tests of the rule that lie near the window and not in it
    SELECT
        j.rule_key,
        j.subject_key,
        LIST(
            { 'record': 'lab_result', 'record_key': l.lab_result_key, 'role': 'other_sample' }
            ORDER BY l.lab_result_key
        ) AS cites
    FROM judged AS j
    INNER JOIN guideline.rule AS r ON j.rule_key = r.rule_key AND r.is_counted_only IS NOT TRUE
    INNER JOIN guideline.monitoring_test AS m ON j.rule_key = m.rule_key
    INNER JOIN guideline.lab_test AS t ON m.analyte = t.analyte
    INNER JOIN staged.lab_result AS l
        ON
            t.test_code = l.test_code
            AND j.patient_key = l.patient_key
            AND l.collected_on BETWEEN j.near_from_on AND j.near_to_on
    WHERE j.doubt IS NULL AND NOT j.is_taken
    GROUP BY j.rule_key, j.subject_key
)

SELECT
    j.rule_key,
    j.set_key,
    j.subject_kind,
    j.subject_key,
    j.course_key,
    j.patient_key,
    CASE
        WHEN j.doubt IS NOT NULL THEN 'not_assessable'
        WHEN j.is_taken THEN 'met'
        ELSE 'breached'
    END AS status,
    j.doubt AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'test' AS clause,
    IF(j.doubt IS NULL AND NOT j.is_taken, j.workings, NULL) AS workings,
    b.cites
FROM judged AS j
LEFT JOIN beside AS b ON j.rule_key = b.rule_key AND j.subject_key = b.subject_key
