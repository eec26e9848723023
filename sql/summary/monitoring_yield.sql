-- One row per monitoring rule: the results of its tests in the windows it was asked about, and how
-- many of them would change the care, where somebody has said what would
-- (guideline.monitoring_finding). A result is counted once, however many windows it lies in.
WITH taken AS (
    -- the windows in which a test was found; only rules that look back from a course have a finding
    SELECT
        v.rule_key,
        c.patient_key,
        c.started_on,
        o.first_at,
        CAST(
            CASE
                WHEN m.days_before_max IS NOT NULL THEN c.started_on - m.days_before_max
                ELSE c.started_on - TO_MONTHS(COALESCE(m.months_before, m.every_months))
            END AS DATE
        ) AS from_on,
        c.started_on - IF(m.days_before_min > 0, m.days_before_min, 0) AS to_on
    FROM audit.verdict AS v
    INNER JOIN guideline.monitoring_finding AS f ON v.rule_key = f.rule_key
    INNER JOIN guideline.monitoring AS m ON v.rule_key = m.rule_key
    INNER JOIN derived.course AS c ON v.course_key = c.course_key
    INNER JOIN audit.monitoring_course AS o ON v.course_key = o.course_key
    WHERE v.kind = 'monitoring' AND v.status = 'met'
),

lying AS (
    SELECT DISTINCT
        f.rule_key,
        l.lab_result_key,
        CASE
            WHEN f.is_positive THEN l.finding = 'positive'
            WHEN l.doubt IS NOT NULL THEN NULL
            WHEN l.comparator IN ('>', '>=') THEN NULL
            WHEN l.comparator IS NOT NULL AND l.canonical_value > f.below THEN NULL
            ELSE l.canonical_value < f.below
        END AS is_finding
    FROM guideline.monitoring_finding AS f
    INNER JOIN guideline.monitoring_test AS t ON f.rule_key = t.rule_key
    INNER JOIN taken AS a ON f.rule_key = a.rule_key
    INNER JOIN derived.lab_result AS l
        ON
            t.analyte = l.analyte
            AND a.patient_key = l.patient_key
            AND a.from_on <= l.collected_on
            AND a.to_on >= l.collected_on
            -- after the infusion of the day a sample shows what was infused
            AND (a.started_on > l.collected_on OR a.first_at >= l.collected_at)
)

SELECT
    r.rule_id,
    g.set_id,
    MAX(f.source) AS said_by,
    BOOL_OR(f.is_positive) AS is_positive,
    MAX(f.below) AS below,
    MAX(n.canonical_unit) AS unit,
    COUNT(y.lab_result_key) AS n_tests,
    COUNT(*) FILTER (WHERE y.is_finding) AS n_findings,
    COUNT(*) FILTER (WHERE y.lab_result_key IS NOT NULL AND y.is_finding IS NULL) AS n_unread,
    CAST(
        COUNT(y.is_finding) / NULLIF(COUNT(*) FILTER (WHERE y.is_finding), 0) AS DECIMAL(12, 1)
    ) AS tests_per_finding
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN guideline.monitoring_finding AS f ON r.rule_key = f.rule_key
LEFT JOIN guideline.monitoring_test AS t ON f.rule_key = t.rule_key
LEFT JOIN guideline.lab_analyte AS n ON t.analyte = n.analyte
LEFT JOIN lying AS y ON r.rule_key = y.rule_key
WHERE r.kind = 'monitoring'
GROUP BY r.rule_id, g.set_id
