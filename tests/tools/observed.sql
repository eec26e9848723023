-- One row per kind of planted defect and record the audit showed it at: what it really said.
-- A verdict on a course is named by the course's first infusion, as in truth.csv; a record without
-- an id of its own by its patient and what tells it apart. `shown_as` says which verdict shows
-- which kind; the first of its lines that fits counts, and a breach that none fits is another.
-- Row numbers come from the file itself, so that a set-aside row can be named.
WITH said AS (
    SELECT
        v.kind,
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
    -- the made-up hospitals draw no blood after a course: a missed test is no defect of theirs
    WHERE v.status IN ('breached', 'not_assessable') AND v.kind != 'monitoring'
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
            s.kind::VARCHAR = m.check_kind
            AND s.status::VARCHAR = m.status
            AND COALESCE(s.rule_id LIKE m.rule, TRUE)
            AND COALESCE(s.clause::VARCHAR LIKE m.clause, m.clause IS NULL)
            AND COALESCE(s.reason::VARCHAR = m.reason, m.reason IS NULL)
            AND COALESCE(s.cap::VARCHAR = m.cap, m.cap IS NULL)
            AND COALESCE(s.side = m.side, m.side IS NULL)
    GROUP BY s.record_id, s.kind, s.status, s.rule_id, s.clause, s.reason, s.cap, s.side
),

judged AS (
    SELECT
        record_id,
        IF(n_lines = 0, 'other ' || check_kind, kind) AS kind
    FROM shown
    WHERE n_lines > 0 OR status = 'breached'
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
