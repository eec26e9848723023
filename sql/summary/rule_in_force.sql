-- One row per rule in force, as the page prints it once: what it says, why, and on whose word.
WITH covered AS (
    SELECT
        i.rule_key,
        STRING_AGG(
            COALESCE(n.name, i.indication_code), '; ' ORDER BY i.indication_code
        ) AS indications
    FROM guideline.rule_indication AS i
    LEFT JOIN guideline.indication AS n ON i.indication_code = n.indication_code
    GROUP BY i.rule_key
)

SELECT
    r.rule_key,
    r.rule_id,
    g.set_id,
    g.is_house,
    r.kind,
    r.phase,
    r.statement,
    r.why,
    r.severity,
    r.effective_severity,
    r.status,
    r.source_title,
    r.source_locator,
    r.source_url,
    r.review_due,
    r.review_due < p.as_of AS is_overdue,
    c.indications
FROM guideline.rule AS r
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
CROSS JOIN guideline.policy AS p
LEFT JOIN covered AS c ON r.rule_key = c.rule_key
