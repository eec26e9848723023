-- One row per premedication rule and product (NULL: several in one session): the sessions with a
-- medicine beforehand, without one, and those nobody can tell of.
WITH first_bag AS (
    SELECT
        session_key,
        product_id
    FROM derived.infusion
    WHERE infusion_key = session_key
),

mixed AS (
    SELECT DISTINCT i.session_key
    FROM derived.infusion AS i
    INNER JOIN first_bag AS b ON i.session_key = b.session_key
    WHERE i.infusion_key != i.session_key AND i.product_id IS DISTINCT FROM b.product_id
)

SELECT
    r.rule_id,
    g.set_id,
    b.product_id,
    p.brand,
    COUNT(*) AS n_sessions,
    COUNT(*) FILTER (WHERE v.status = 'met') AS n_with,
    COUNT(*) FILTER (WHERE v.status = 'breached' OR v.reason = 'optional') AS n_without,
    COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_unknown,
    COUNT(*) FILTER (WHERE v.reason = 'time_unknown') AS n_time_unknown
FROM audit.verdict AS v
INNER JOIN guideline.rule AS r ON v.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN mixed AS m ON v.subject_key = m.session_key
LEFT JOIN first_bag AS b ON v.subject_key = b.session_key AND m.session_key IS NULL
LEFT JOIN guideline.product AS p ON b.product_id = p.product_id
WHERE v.kind = 'premedication' AND v.reason IS DISTINCT FROM 'other_phase'
GROUP BY r.rule_id, g.set_id, b.product_id, p.brand
