-- One row per rule on a trough and course before which a trough of its test was taken in treatment
-- that has settled: is it at least the level? A trough is the last sample before a course, from
-- four fifths† of the time since the course before. Settled: three half-lives† of the treatment
-- have passed, and in their days at least three† of its courses began. A level never makes a course
-- off guideline. Without a trough there is nothing to judge: kind `monitoring` asks whether one was
-- taken. Comparisons are made in the exact measure of the unit.
-- Where several samples may be the last (no clock time), or a value is only a limit, the answer is
-- given where it is the same whatever is true.
WITH unit AS (
    SELECT DISTINCT
        analyte,
        unit,
        add_first,
        exact_factor
    FROM guideline.lab_unit
    WHERE NOT is_ambiguous
),

asked AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.reason,
        c.course_key,
        c.patient_key,
        c.started_on,
        c.first_at,
        c.started_on - c.interval_days AS before_on,
        c.interval_days,
        t.analyte,
        (t.at_least + u.add_first) * u.exact_factor AS exact_at_least,
        n.divisor,
        n.canonical_unit,
        n.name,
        p.trough_share
    FROM audit.applicable AS a
    CROSS JOIN guideline.policy AS p
    INNER JOIN guideline.trough AS t ON a.rule_key = t.rule_key
    INNER JOIN unit AS u ON t.analyte = u.analyte AND t.unit = u.unit
    INNER JOIN guideline.lab_analyte AS n ON t.analyte = n.analyte
    INNER JOIN audit.monitoring_course AS c ON a.course_key = c.course_key
    WHERE
        a.kind = 'trough'
        AND c.started_on - c.treatment_started_on >= p.trough_settled_days
        AND c.started_on - c.several_before_on <= p.trough_settled_days
        AND (a.reason = 'other_phase') IS NOT TRUE
),

near AS (
    SELECT
        a.rule_key,
        a.course_key,
        l.lab_result_key,
        COALESCE(l.collected_at, CAST(l.collected_on AS TIMESTAMP)) AS earliest_at,
        COALESCE(l.collected_at, l.collected_on + INTERVAL 1 DAY) AS latest_at,
        l.collected_on < a.started_on OR l.collected_at <= a.first_at AS is_before,
        l.doubt,
        l.comparator,
        l.canonical_value,
        (CAST(l.declared_value AS DECIMAL(28, 6)) + u.add_first) * u.exact_factor AS exact_value,
        a.exact_at_least
    FROM asked AS a
    INNER JOIN derived.lab_result AS l
        ON
            a.patient_key = l.patient_key
            AND a.analyte = l.analyte
            AND a.before_on < l.collected_on
            AND a.started_on >= l.collected_on
            AND l.collected_on - a.before_on >= a.interval_days * a.trough_share
    LEFT JOIN guideline.lab_unit AS u ON l.lab_unit_key = u.lab_unit_key
    WHERE (l.doubt = 'after_death') IS NOT TRUE
),

placed AS (
    SELECT
        *,
        MAX(earliest_at) FILTER (WHERE is_before) OVER (
            PARTITION BY rule_key, course_key
        ) AS last_at,
        CASE
            WHEN doubt IS NOT NULL OR exact_value IS NULL THEN NULL
            WHEN comparator IS NULL THEN exact_value >= exact_at_least
            WHEN comparator IN ('>', '>=') AND exact_value >= exact_at_least THEN TRUE
            WHEN comparator = '<' AND exact_value <= exact_at_least THEN FALSE
            WHEN comparator = '<=' AND exact_value < exact_at_least THEN FALSE
        END AS is_enough
    FROM near
    WHERE is_before IS NOT FALSE
),

-- what may have been the last sample before the course
candidate AS (
    SELECT *
    FROM placed
    WHERE last_at IS NULL OR latest_at >= last_at
),

answered AS (
    SELECT
        rule_key,
        course_key,
        BOOL_AND(is_enough) AND COUNT(is_enough) = COUNT(*) AS is_enough,
        BOOL_OR(is_enough) IS FALSE AND COUNT(is_enough) = COUNT(*) AS is_too_low,
        BOOL_OR(is_before) IS TRUE AS has_certain,
        BOOL_OR(is_enough IS NULL AND doubt IS NOT NULL) AS is_unread,
        BOOL_OR(is_enough IS NULL AND doubt IS NULL) AS is_beyond_limit,
        MIN(canonical_value) AS observed,
        COUNT(*) AS n_candidates,
        LIST(
            { 'record': 'lab_result', 'record_key': lab_result_key, 'role': 'sample' }
            ORDER BY lab_result_key
        ) AS cites
    FROM candidate
    GROUP BY rule_key, course_key
),

judged AS (
    SELECT
        a.*,
        n.observed,
        n.is_enough,
        n.is_too_low,
        n.cites,
        CASE
            WHEN a.reason IS NOT NULL THEN a.reason
            -- the only samples may all have been taken after the infusion began
            WHEN NOT n.has_certain THEN 'sample_time_unknown'
            WHEN n.is_enough OR n.is_too_low THEN NULL
            WHEN n.is_unread THEN 'value_unread'
            WHEN n.is_beyond_limit THEN 'beyond_limit'
            ELSE 'sample_time_unknown'
        END AS doubt
    FROM asked AS a
    INNER JOIN answered AS n ON a.rule_key = n.rule_key AND a.course_key = n.course_key
)

SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN doubt IS NOT NULL THEN 'not_assessable'
        WHEN is_enough THEN 'met'
        ELSE 'breached'
    END AS status,
    doubt AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    'level' AS clause,
    IF(doubt IS NULL, observed, NULL) AS observed,
    CAST(ROUND(exact_at_least / divisor, 3) AS DECIMAL(12, 3)) AS limit_low,
    IF(canonical_unit = 'mg/dL', 'mg_per_dl', NULL) AS unit,
    CASE
        WHEN doubt IS NULL AND NOT is_enough
            THEN
                'trough ' || name || ' ' || observed || ' < '
                || CAST(ROUND(exact_at_least / divisor, 3) AS DECIMAL(12, 3))
                || ' ' || canonical_unit
    END AS workings,
    cites
FROM judged
