-- One row per kind of planted defect and record the audit showed it at: what it really said.
-- A verdict on a course is named by the course's first infusion, as in truth.csv; a record without
-- an id of its own by its patient and what tells it apart. `shown_as` says which verdict, signal or
-- report shows which kind; the first of its lines that fits counts, and a breach or counted signal
-- that none fits is another.
-- Row numbers come from the file itself, so that a set-aside row can be named.
WITH first_bag AS (
    SELECT
        d.course_key,
        MIN_BY(i.infusion_id, (i.started_at, i.infusion_id)) AS infusion_id
    FROM derived.infusion AS d
    INNER JOIN staged.infusion AS i ON d.infusion_key = i.infusion_key
    WHERE d.course_key IS NOT NULL
    GROUP BY d.course_key
),

verdict AS (
    SELECT
        v.kind::VARCHAR AS kind,
        v.rule_id,
        v.status,
        v.reason,
        v.clause,
        v.cap,
        IF(v.observed < v.limit_low, 'below', 'above') AS side,
        CASE
            WHEN v.subject_kind IN ('vaccination', 'outcome_review', 'patient')
                THEN LTRIM(v.subject_id, ':')
            ELSE SPLIT_PART(v.subject_id, ':', 3)
        END AS record_id
    FROM audit.verdict_named AS v
    WHERE v.status IN ('breached', 'not_assessable')
),

-- a signal is counted (and its event reported or not), guarded (met, and kept out of every
-- numerator), or a code of unknown time
signal AS (
    SELECT
        s.event AS kind,
        s.definition_id AS rule_id,
        CASE
            WHEN s.is_counted AND e.is_reported THEN 'counted_and_reported'
            WHEN s.is_counted THEN 'counted'
            WHEN s.status = 'met' THEN 'guarded'
            ELSE 'not_evaluable'
        END AS status,
        COALESCE(s.guards, s.reason) AS reason,
        s.stage::VARCHAR AS clause,
        NULL AS cap,
        NULL AS side,
        b.infusion_id AS record_id
    FROM audit.signal AS s
    INNER JOIN first_bag AS b ON s.course_key = b.course_key
    LEFT JOIN audit.detected_event AS e
        ON
            s.event = e.event
            AND s.subject_kind = e.subject_kind
            AND s.subject_key = e.subject_key
    WHERE s.status = 'met' OR s.reason = 'timing_unknown'
),

shared AS (
    SELECT
        reported_event_key,
        COUNT(DISTINCT product_id) AS n_products,
        COUNT(DISTINCT lot) AS n_lots
    FROM derived.reported_event_product
    GROUP BY reported_event_key
),

-- what is remarkable of a report, or of the event it tells of
told AS (
    SELECT
        a.event_id AS record_id,
        e.attribution,
        e.is_other_patient_named,
        e.clock,
        e.clock_days,
        e.days_to_death,
        k.confirmation,
        s.n_products,
        s.n_lots,
        COUNT(*) OVER (PARTITION BY r.group_key) > 1 AS is_merged,
        e.symptoms IS NOT NULL AND LEN(e.symptoms) > 0 AS is_composite
    FROM derived.event_report AS r
    INNER JOIN staged.adverse_event AS a ON r.adverse_event_key = a.adverse_event_key
    INNER JOIN derived.reported_event AS e ON r.reported_event_key = e.reported_event_key
    LEFT JOIN audit.reported_check AS k ON r.reported_event_key = k.reported_event_key
    LEFT JOIN shared AS s ON r.reported_event_key = s.reported_event_key
),

report AS (
    SELECT
        record_id,
        UNNEST(
            [
                CASE WHEN is_merged THEN 'merged' END,
                CASE WHEN is_composite THEN 'composite' END,
                CASE
                    WHEN attribution IN ('outside_every_window', 'no_onset') THEN attribution
                END,
                CASE WHEN is_other_patient_named THEN 'other_patient' END,
                CASE WHEN clock = 'late' THEN 'late_' || clock_days END,
                CASE WHEN confirmation = 'not_met' THEN 'not_confirmed' END,
                CASE WHEN days_to_death BETWEEN 0 AND 30 THEN 'died' END,
                CASE WHEN n_products > 1 THEN 'several_products' END,
                CASE WHEN n_lots > 1 THEN 'several_lots' END
            ]
        ) AS status
    FROM told
),

-- whom somebody watched at every infusion, and saw nothing
watched AS (
    SELECT p.patient_id AS record_id
    FROM audit.observation_session AS o
    INNER JOIN staged.patient AS p ON o.patient_key = p.patient_key
    GROUP BY p.patient_id
    HAVING BOOL_AND(o.found = 'none')
),

-- whose haemoglobin fell through the year by more than it scatters here
fallen AS (
    SELECT p.patient_id AS record_id
    FROM audit.drift AS d
    INNER JOIN staged.patient AS p ON d.patient_key = p.patient_key
    WHERE d.analyte = 'hb' AND d.moved_by < -1.5
),

said AS (
    SELECT
        kind,
        rule_id,
        status::VARCHAR AS status,
        reason::VARCHAR AS reason,
        clause::VARCHAR AS clause,
        cap::VARCHAR AS cap,
        side,
        record_id
    FROM verdict
    UNION ALL
    SELECT * FROM signal -- the columns of the verdict, in their order -- noqa: AM04
    UNION ALL
    SELECT
        'reported_event' AS kind,
        NULL AS rule_id,
        status,
        NULL AS reason,
        NULL AS clause,
        NULL AS cap,
        NULL AS side,
        record_id
    FROM report
    WHERE status IS NOT NULL
    UNION ALL
    SELECT
        'observation' AS kind,
        NULL AS rule_id,
        'none' AS status,
        NULL AS reason,
        NULL AS clause,
        NULL AS cap,
        NULL AS side,
        record_id
    FROM watched
    UNION ALL
    SELECT
        'drift' AS kind,
        NULL AS rule_id,
        'fallen' AS status,
        NULL AS reason,
        NULL AS clause,
        NULL AS cap,
        NULL AS side,
        record_id
    FROM fallen
    UNION ALL
    SELECT
        'lot_rate' AS kind,
        NULL AS rule_id,
        'signal' AS status,
        NULL AS reason,
        NULL AS clause,
        NULL AS cap,
        NULL AS side,
        -- lots are compared without the signs between their letters
        'SYN-' || RIGHT(unit_id, 8) AS record_id
    FROM audit.signal_look
    WHERE is_signal AND unit_kind = 'lot'
),

shown AS (
    SELECT
        s.record_id,
        s.kind AS check_kind,
        s.status,
        MIN_BY(m.kind, m.line) AS kind,
        COUNT(m.line) AS n_lines
    FROM said AS s
    LEFT JOIN shown_as AS m
        ON
            s.kind = m.check_kind
            AND s.status = m.status
            AND COALESCE(s.rule_id LIKE m.rule, TRUE)
            AND COALESCE(s.clause LIKE m.clause, m.clause IS NULL)
            AND COALESCE(s.reason LIKE m.reason, m.reason IS NULL)
            AND COALESCE(s.cap = m.cap, m.cap IS NULL)
            AND COALESCE(s.side = m.side, m.side IS NULL)
    GROUP BY s.record_id, s.kind, s.status, s.rule_id, s.clause, s.reason, s.cap, s.side
),

judged AS (
    SELECT
        record_id,
        IF(n_lines = 0, 'other ' || check_kind, kind) AS kind
    FROM shown
    WHERE n_lines > 0 OR status IN ('breached', 'counted', 'counted_and_reported')
),

kept_out AS (
    SELECT
        f.infusion_id AS record_id,
        CASE
            WHEN q.column_name = 'dose_g' THEN 'mg_for_g'
            WHEN q.check_name = 'ended_before_started' THEN 'end_before_start'
            ELSE 'other quarantine'
        END AS kind
    FROM quarantine.infusion AS q
    INNER JOIN infusion_file AS f ON q.source_row = f.source_row
    UNION ALL
    SELECT
        f.infusion_id,
        CASE
            WHEN a.reason = 'duplicate' THEN 'duplicate_record'
            ELSE 'other set aside'
        END AS kind
    FROM staged.set_aside AS a
    INNER JOIN infusion_file AS f ON a.source_row = f.source_row
    WHERE a.record = 'infusion'
    UNION ALL
    SELECT
        i.infusion_id,
        CASE
            WHEN d.exclusion = 'product_unknown' THEN 'unknown_product'
            WHEN d.exclusion = 'subcutaneous' THEN 'sc_product_in_feed'
            ELSE 'other exclusion'
        END AS kind
    FROM derived.infusion AS d
    INNER JOIN staged.infusion AS i ON d.infusion_key = i.infusion_key
    WHERE d.exclusion IS NOT NULL
    UNION ALL
    SELECT
        f.record_id,
        CASE
            WHEN q.check_name = 'impossible_unit' THEN 'unit_of_other_test'
            WHEN q.check_name = 'impossible_value' AND f.value = '0.0' THEN 'creatinine_of_zero'
            WHEN q.check_name = 'impossible_value' THEN 'unit_swapped'
            WHEN q.check_name = 'before_birth' THEN 'result_before_birth'
            ELSE 'other result in quarantine'
        END AS kind
    FROM quarantine.lab_result AS q
    INNER JOIN result_file AS f ON q.source_row = f.source_row
    UNION ALL
    SELECT
        f.record_id,
        CASE
            WHEN l.doubt = 'unit_missing' THEN 'unit_missing'
            WHEN l.doubt = 'unit_ambiguous' THEN 'unit_never_read'
            ELSE 'other result not read'
        END AS kind
    FROM derived.lab_result AS l
    INNER JOIN staged.lab_result AS s ON l.lab_result_key = s.lab_result_key
    INNER JOIN result_file AS f ON s.source_row = f.source_row
    WHERE l.doubt IS NOT NULL AND l.doubt NOT IN ('no_canonical_unit', 'not_a_number')
)

SELECT
    kind,
    record_id
FROM judged
WHERE kind IS NOT NULL
UNION
SELECT
    kind,
    record_id
FROM kept_out
ORDER BY ALL
