-- One row per two definitions of one event: what the second says of the exposures for which the
-- first is met.
WITH asked AS (
    SELECT
        s.definition_id,
        s.event,
        s.subject_kind,
        s.subject_key,
        s.status
    FROM audit.signal AS s
    INNER JOIN guideline.definition AS d USING (definition_id)
    WHERE NOT d.is_observation
),

pair AS (
    SELECT
        a.event,
        a.definition_id AS first_id,
        b.definition_id AS second_id
    FROM guideline.definition AS a
    INNER JOIN guideline.definition AS b
        ON a.event = b.event AND a.definition_id <> b.definition_id
    WHERE NOT a.is_observation AND NOT b.is_observation
)

SELECT
    p.event,
    p.first_id,
    p.second_id,
    COUNT(*) AS n_first,
    COUNT(*) FILTER (WHERE b.status = 'met') AS n_both,
    COUNT(*) FILTER (WHERE b.status = 'not_met') AS n_second_not,
    COUNT(*) FILTER (WHERE b.status IS NULL OR b.status = 'not_evaluable') AS n_second_open
FROM pair AS p
INNER JOIN asked AS a ON p.first_id = a.definition_id AND a.status = 'met'
LEFT JOIN asked AS b
    ON
        p.second_id = b.definition_id
        AND a.subject_kind = b.subject_kind
        AND a.subject_key = b.subject_key
GROUP BY p.event, p.first_id, p.second_id
