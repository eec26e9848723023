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
),

known AS (
    SELECT
        session_key,
        product_id
    FROM first_bag
    WHERE product_id IS NOT NULL AND session_key NOT IN (SELECT m.session_key FROM mixed AS m)
),

counted AS (
    SELECT
        v.rule_key,
        k.product_id,
        COUNT(*) AS n_sessions,
        COUNT(*) FILTER (WHERE v.status = 'met') AS n_with,
        COUNT(*) FILTER (WHERE v.status = 'breached' OR v.reason = 'optional') AS n_without,
        COUNT(*) FILTER (WHERE v.status = 'not_assessable') AS n_unknown,
        COUNT(*) FILTER (WHERE v.reason = 'time_unknown') AS n_time_unknown
    FROM audit.verdict AS v
    LEFT JOIN known AS k ON v.subject_key = k.session_key
    WHERE v.kind = 'premedication' AND v.reason IS DISTINCT FROM 'other_phase'
    GROUP BY v.rule_key, k.product_id
)

SELECT
    r.rule_id,
    g.set_id,
    c.product_id,
    p.brand,
    c.n_sessions,
    c.n_with,
    c.n_without,
    c.n_unknown,
    c.n_time_unknown
FROM counted AS c
INNER JOIN guideline.rule AS r ON c.rule_key = r.rule_key
INNER JOIN guideline.guideline_set AS g ON r.set_key = g.set_key
LEFT JOIN guideline.product AS p ON c.product_id = p.product_id
