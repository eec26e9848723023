-- One row per step of the change since the previous run and named set: closed courses by outcome.
-- Steps of audit.span are counted here, from this run's own verdicts; the others are known already.
-- A working table.
SELECT
    reading,
    set_id,
    n_off,
    n_judged,
    n_unassessed
FROM audit.reading
UNION ALL
SELECT
    s.reading,
    g.set_id,
    COUNT(*) FILTER (WHERE o.outcome = 'off') AS n_off,
    COUNT(*) FILTER (WHERE o.outcome IN ('off', 'within')) AS n_judged,
    COUNT(*) FILTER (WHERE o.outcome = 'unassessed') AS n_unassessed
FROM report.course_profile AS c
INNER JOIN derived.course AS d ON c.course_key = d.course_key
INNER JOIN audit.span AS s
    ON (s.from_on IS NULL OR d.started_on >= s.from_on) AND d.started_on <= s.to_on
INNER JOIN report.profile_outcome AS o ON c.profile_key = o.profile_key
INNER JOIN guideline.guideline_set AS g ON o.set_key = g.set_key
WHERE NOT c.is_open
GROUP BY s.reading, g.set_id
