-- One row per rule of the first set that states an interval and indication it applied to: courses
-- by whether they began early, on time or late, or had no interval that could be measured.
-- Early and late are outside the widest printed interval of the rule's regimens by more than
-- the set's tolerance in days. An early course is not yet a finding: grams decide.
WITH spaced AS (
    SELECT
        rule_key,
        MIN(interval_min_days) AS min_days,
        MAX(interval_max_days) AS max_days
    FROM guideline.regimen
    WHERE interval_min_days IS NOT NULL OR interval_max_days IS NOT NULL
    GROUP BY rule_key
),

placed AS (
    SELECT
        s.rule_key,
        c.indication_code,
        c.interval_days,
        CASE
            WHEN c.interval_status IS NULL OR c.interval_status <> 'known'
                THEN COALESCE(c.interval_status, 'unknown')
            WHEN c.interval_days < s.min_days - g.interval_tolerance_days THEN 'early'
            WHEN c.interval_days > s.max_days + g.interval_tolerance_days THEN 'late'
            ELSE 'on_time'
        END AS place
    FROM temp.dose_asked AS a
    INNER JOIN spaced AS s ON a.rule_key = s.rule_key
    INNER JOIN guideline.rule AS r ON a.rule_key = r.rule_key
    INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    CROSS JOIN report.period AS p
    WHERE
        a.status <> 'not_applicable'
        AND (c.started_on >= p.from_on AND c.started_on <= p.to_on) IS TRUE
),

counted AS (
    SELECT
        rule_key,
        indication_code,
        COUNT(*) FILTER (WHERE place = 'early') AS n_early,
        COUNT(*) FILTER (WHERE place = 'on_time') AS n_on_time,
        COUNT(*) FILTER (WHERE place = 'late') AS n_late,
        COUNT(*) FILTER (WHERE place IN ('early', 'on_time', 'late')) AS n_known,
        COUNT(*) FILTER (WHERE place = 'first') AS n_first,
        COUNT(*) FILTER (WHERE place NOT IN ('early', 'on_time', 'late', 'first')) AS n_unknown,
        QUANTILE_DISC(interval_days, 0.5) FILTER (
            WHERE place IN ('early', 'on_time', 'late')
        ) AS median_days
    FROM placed
    GROUP BY rule_key, indication_code
)

SELECT
    c.rule_key,
    r.rule_id,
    g.set_id,
    c.indication_code,
    n.name,
    s.min_days,
    s.max_days,
    g.interval_tolerance_days,
    c.n_early,
    c.n_on_time,
    c.n_late,
    c.n_known,
    c.n_first,
    c.n_unknown,
    c.median_days
FROM counted AS c
INNER JOIN spaced AS s ON c.rule_key = s.rule_key
INNER JOIN guideline.rule AS r ON c.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN guideline.indication AS n ON c.indication_code = n.indication_code
