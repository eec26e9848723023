-- One row per finding and reviewer who decided on it: the decision that stands, the one of the
-- latest day, of one day the one further down in the file. One that was withdrawn stands no more.
-- A finding that is none any more keeps its decisions.
WITH ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            PARTITION BY finding_key, reviewer ORDER BY decided_on DESC, sequence DESC
        ) AS place
    FROM audit.adjudication
)

SELECT
    d.finding_key,
    d.facts_digest,
    d.decision,
    NULLIF(d.reason, '') AS reason,
    d.reviewer,
    d.decided_on,
    f.finding_key IS NOT NULL AS is_finding,
    f.facts_digest != d.facts_digest AS is_on_earlier_facts,
    f.severity,
    r.rule_id,
    k.finding_key IS NOT NULL AS is_on_a_card
FROM ranked AS d
LEFT JOIN audit.finding AS f ON d.finding_key = f.finding_key
LEFT JOIN guideline.rule AS r ON f.rule_key = r.rule_key
LEFT JOIN report.finding_card AS k ON d.finding_key = k.finding_key
WHERE d.place = 1 AND d.decision != 'withdrawn'
