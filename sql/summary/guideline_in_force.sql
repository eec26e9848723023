-- One row per guideline set in force, with how well its rules were verified.
SELECT
    g.set_key,
    g.set_id,
    g.title,
    g.publisher,
    g.authority,
    g.jurisdiction,
    g.version,
    g.published_on,
    g.source_title,
    g.source_url,
    g.weight_policy,
    g.is_weight_policy_read,
    g.dose_tolerance,
    g.interval_tolerance_days,
    g.is_exhaustive,
    g.is_house,
    g.digest,
    COUNT(r.rule_key) AS n_rules,
    COUNT(r.rule_key) FILTER (WHERE r.status = 'transcribed') AS n_transcribed,
    COUNT(r.rule_key) FILTER (WHERE r.status = 'secondary') AS n_secondary,
    COUNT(r.rule_key) FILTER (WHERE r.status = 'unverified') AS n_unverified,
    COUNT(r.rule_key) FILTER (WHERE r.review_due < p.as_of) AS n_overdue
FROM guideline.guideline_set AS g
CROSS JOIN guideline.policy AS p
LEFT JOIN guideline.rule AS r ON g.set_key = r.set_key
GROUP BY ALL
