-- One row per kind of check, and one of all: the rules in force by the gravest thing they had to
-- say, each rule once: breached, else met, else not assessable (`n_not_supplied`: only for want of
-- a record kind), else not applicable to anybody, else asked of nobody.
WITH told AS (
    SELECT
        rule_key,
        BOOL_OR(status = 'breached') AS is_breached,
        BOOL_OR(status = 'met') AS is_met,
        BOOL_OR(status = 'not_assessable') AS is_unassessed,
        BOOL_AND(reason IS NOT DISTINCT FROM 'table_not_supplied')
        FILTER (status = 'not_assessable') AS is_not_supplied
    FROM temp.verdict_count
    WHERE rule_key IS NOT NULL
    GROUP BY rule_key
),

ranked AS (
    SELECT
        r.kind,
        CASE
            WHEN t.rule_key IS NULL THEN 'nobody'
            WHEN t.is_breached THEN 'breached'
            WHEN t.is_met THEN 'met'
            WHEN t.is_unassessed AND t.is_not_supplied IS TRUE THEN 'not_supplied'
            WHEN t.is_unassessed THEN 'not_assessable'
            ELSE 'not_applicable'
        END AS answer
    FROM guideline.rule AS r
    LEFT JOIN told AS t ON r.rule_key = t.rule_key
)

SELECT
    IF(GROUPING(kind) = 1, 'all', 'kind') AS part,
    kind,
    COUNT(*) AS n_rules,
    COUNT(*) FILTER (answer = 'breached') AS n_breached,
    COUNT(*) FILTER (answer = 'met') AS n_met,
    COUNT(*) FILTER (answer = 'not_assessable') AS n_not_assessable,
    COUNT(*) FILTER (answer = 'not_supplied') AS n_not_supplied,
    COUNT(*) FILTER (answer = 'not_applicable') AS n_not_applicable,
    COUNT(*) FILTER (answer = 'nobody') AS n_nobody
FROM ranked
GROUP BY GROUPING SETS ((kind), ())
HAVING COUNT(*) > 0
