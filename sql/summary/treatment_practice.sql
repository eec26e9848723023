-- One row per indication: its long treatments (with a course in the period, and longer than the
-- history† that makes a course a loading one), how many were reviewed at all, and in how many less
-- or none was tried: decided at a review, or seen in the grams.
WITH long AS (
    SELECT
        t.treatment_key,
        t.patient_key,
        t.indication_code,
        t.started_on + p.review_baseline_days AS after_on,
        -- what is decided at the end of a treatment counts for it
        t.last_on + p.loading_history_days AS until_on
    FROM derived.treatment AS t
    CROSS JOIN guideline.policy AS p
    CROSS JOIN report.period AS q
    WHERE
        t.last_on - t.started_on > p.loading_history_days
        AND t.last_started_on >= q.from_on
        AND t.started_on <= q.to_on
),

reviewed AS (
    SELECT
        l.treatment_key,
        BOOL_OR(r.has_outcome) AS has_outcome,
        BOOL_OR(r.is_reduced AND NOT r.is_stopped) AS is_less_decided,
        BOOL_OR(r.is_stopped) AS is_stop_decided
    FROM long AS l
    INNER JOIN derived.treatment_review AS r
        ON
            l.patient_key = r.patient_key
            AND (r.indication_code IS NULL OR l.indication_code = r.indication_code)
            AND l.after_on < r.reviewed_on
            AND l.until_on >= r.reviewed_on
    GROUP BY l.treatment_key
),

reduced AS (
    SELECT DISTINCT treatment_key
    FROM derived.dose_reduction
)

SELECT
    l.indication_code,
    n.name,
    COUNT(*) AS n_treatments,
    COUNT(r.treatment_key) AS n_reviewed,
    COUNT(*) FILTER (WHERE r.has_outcome) AS n_with_outcome,
    COUNT(*) FILTER (WHERE r.is_less_decided) AS n_less_decided,
    COUNT(d.treatment_key) AS n_less_given,
    COUNT(*) FILTER (WHERE r.is_stop_decided) AS n_stop_decided
FROM long AS l
LEFT JOIN reviewed AS r ON l.treatment_key = r.treatment_key
LEFT JOIN reduced AS d ON l.treatment_key = d.treatment_key
LEFT JOIN guideline.indication AS n ON l.indication_code = n.indication_code
GROUP BY l.indication_code, n.name
