-- One row per case definition: its answers among the exposures of the period, and the bounds of its
-- share if the unobserved all had the event or none had. `is_answerable`: some record could hold
-- what it asks; `not_read`: the criteria that none can.
WITH read_by_group AS (
    SELECT
        g.definition_id,
        g.group_number,
        g.stage IS NOT NULL
        OR COUNT(*) FILTER (WHERE c.measure <> 'not_read') >= MIN(g.at_least) AS is_answerable,
        LIST(c.says ORDER BY c.criterion_key) FILTER (WHERE c.measure = 'not_read') AS not_read
    FROM guideline.definition_group AS g
    INNER JOIN guideline.definition_criterion AS c
        ON g.definition_id = c.definition_id AND g.group_number = c.group_number
    GROUP BY g.definition_id, g.group_number, g.stage
),

readable AS (
    SELECT
        definition_id,
        BOOL_AND(is_answerable) AS is_answerable,
        STRING_AGG(ARRAY_TO_STRING(not_read, '; '), '; ' ORDER BY group_number) AS not_read
    FROM read_by_group
    GROUP BY definition_id
)

SELECT -- noqa: AM04
    o.*, -- noqa: AM04
    d.title,
    d.status,
    d.source,
    d.note,
    d.is_observation,
    d.is_imputed,
    d.is_advisory,
    w.window_status,
    -- a definition with SQL of its own has no criteria here
    r.definition_id IS NULL OR r.is_answerable AS is_answerable,
    r.not_read
FROM audit.observability AS o
INNER JOIN guideline.definition AS d ON o.definition_id = d.definition_id
LEFT JOIN readable AS r ON o.definition_id = r.definition_id
LEFT JOIN guideline.event AS w ON d.window_of = w.event_code
