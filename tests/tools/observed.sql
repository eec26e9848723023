-- One row per kind of planted defect and infusion the audit showed it at: what it really said.
-- A verdict on a course is named by the course's first infusion, as in truth.csv.
-- Row numbers come from the file itself, so that a set-aside row can be named.
WITH course AS (
    SELECT
        c.course_key,
        i.infusion_id
    FROM derived.course AS c
    INNER JOIN staged.infusion AS i ON c.first_infusion_key = i.infusion_key
),

said AS (
    SELECT
        c.infusion_id,
        r.kind,
        s.is_house,
        w.problem,
        v.status,
        v.reason,
        v.clause,
        v.observed < v.limit_low AS is_below
    FROM audit.verdict AS v
    INNER JOIN course AS c ON v.subject_key = c.course_key AND v.subject_kind = 'course'
    INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
    INNER JOIN guideline.guideline_set AS s ON r.set_key = s.set_key
    LEFT JOIN guideline.weight_limit AS w ON r.rule_key = w.rule_key
),

judged AS (
    SELECT
        infusion_id AS record_id,
        CASE
            WHEN kind = 'regimen' AND clause LIKE 'interval%' AND is_below THEN 'early_interval'
            WHEN kind = 'regimen' AND clause LIKE 'interval%' THEN 'late_interval'
            WHEN kind = 'regimen' AND clause IN ('days_broken', 'days_consecutive')
                THEN 'too_many_days'
            WHEN kind = 'regimen' AND is_below THEN 'wrong_dose_low'
            WHEN kind = 'regimen' AND clause LIKE 'days%' THEN 'too_many_days'
            WHEN kind = 'regimen' THEN 'wrong_dose_high'
            WHEN kind = 'weight' AND problem = 'missing' THEN 'missing_weight'
            WHEN kind = 'weight' AND problem = 'stale' THEN 'stale_weight'
            WHEN kind = 'indication' AND is_house THEN 'missing_indication'
        END AS kind
    FROM said
    WHERE status = 'breached'
    UNION ALL
    SELECT
        infusion_id AS record_id,
        'five_for_ten_percent' AS kind
    FROM said
    WHERE kind = 'regimen' AND status = 'not_assessable' AND reason = 'dose_uncertain'
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
