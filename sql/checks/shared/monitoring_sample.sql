-- One row per test of a rule and result of it: when it was taken, and, where a rule asks for
-- troughs of the test, whether it is one: taken before a course, when at least four fifths† of the
-- time since the one before had passed. NULL where only a clock time could say whether it was
-- before or after, and where no rule asks.
WITH sampled AS (
    SELECT
        t.analyte,
        l.patient_key,
        l.collected_on,
        l.collected_at
    FROM guideline.lab_test AS t
    SEMI JOIN guideline.monitoring_test AS m ON t.analyte = m.analyte
    INNER JOIN staged.lab_result AS l ON t.test_code = l.test_code
),

asked AS (
    SELECT DISTINCT t.analyte
    FROM guideline.monitoring_test AS t
    INNER JOIN guideline.monitoring AS m ON t.rule_key = m.rule_key
    WHERE m.is_trough
),

next_course AS (
    SELECT
        s.analyte,
        s.patient_key,
        s.collected_on,
        s.collected_at,
        BOOL_OR(s.collected_on < c.started_on OR s.collected_at <= c.first_at) AS is_before,
        BOOL_OR(
            s.collected_on = c.started_on AND (s.collected_at IS NULL OR c.first_at IS NULL)
        ) AS is_untimed
    FROM sampled AS s
    SEMI JOIN asked AS k ON s.analyte = k.analyte
    CROSS JOIN guideline.policy AS p
    INNER JOIN audit.monitoring_course AS c
        ON
            s.patient_key = c.patient_key
            AND s.collected_on <= c.started_on
            AND s.collected_on >= c.started_on - c.interval_days
            AND s.collected_on - (c.started_on - c.interval_days)
            >= c.interval_days * p.trough_share
    GROUP BY s.analyte, s.patient_key, s.collected_on, s.collected_at
)

SELECT
    s.analyte,
    s.patient_key,
    s.collected_on,
    s.collected_at,
    CASE
        WHEN n.is_before THEN TRUE
        WHEN n.is_untimed OR k.analyte IS NULL THEN NULL
        ELSE FALSE
    END AS is_trough
FROM sampled AS s
LEFT JOIN asked AS k ON s.analyte = k.analyte
LEFT JOIN next_course AS n
    ON
        s.analyte = n.analyte
        AND s.patient_key = n.patient_key
        AND s.collected_on = n.collected_on
        AND s.collected_at IS NOT DISTINCT FROM n.collected_at
