-- One row per named guideline set and course begun in the period, with its outcome.
-- Only verdicts that count (is_countable) and apply decide; our own set never does.
-- off: at least one off-guideline breach. within: every rule that applies was assessed.
-- unassessed: at least one could not be. no_rule: none applies. open: may still grow.
WITH judged AS (
    SELECT
        set_key,
        course_key,
        COUNT(*) AS n_countable,
        COUNT(*) FILTER (WHERE status IN ('met', 'breached')) AS n_assessed,
        BOOL_OR(status = 'breached' AND severity = 'off_guideline') AS is_off
    FROM audit.verdict
    WHERE is_countable AND status <> 'not_applicable'
    GROUP BY set_key, course_key
)

SELECT
    g.set_key,
    c.course_key,
    c.patient_key,
    c.indication_code,
    c.known_dose_g,
    CASE
        WHEN c.is_open THEN 'open'
        WHEN j.n_countable IS NULL THEN 'no_rule'
        WHEN j.is_off IS NOT NULL AND j.is_off THEN 'off'
        WHEN j.n_assessed = j.n_countable THEN 'within'
        ELSE 'unassessed'
    END AS outcome,
    j.n_assessed IS NOT NULL AND j.n_assessed > 0 AS is_assessed_at_all
FROM derived.course AS c
CROSS JOIN guideline.guideline_set AS g
CROSS JOIN report.period AS p
LEFT JOIN judged AS j ON c.course_key = j.course_key AND g.set_key = j.set_key
WHERE
    NOT g.is_house
    AND c.started_on >= p.from_on
    AND c.started_on <= p.to_on
