-- One row per report of an adverse event, with the event it tells of. Two or more different
-- symptoms† within the window of one session, or one beside the reaction itself, are one reaction.
WITH part AS (
    SELECT
        p.group_key,
        p.session_key,
        o.event_code,
        t.part_of IS NOT NULL AS is_symptom,
        COALESCE(t.part_of, t.event_code) AS whole
    FROM temp.event_place AS p
    INNER JOIN temp.event_onset AS o ON p.group_key = o.group_key
    INNER JOIN guideline.event AS t ON o.event_code = t.event_code
    LEFT JOIN temp.event_exposure AS x
        ON
            p.group_key = x.group_key
            AND p.session_key = x.session_key
            AND t.part_of = x.window_of
    WHERE p.session_key IS NOT NULL AND (t.part_of IS NULL OR x.group_key IS NOT NULL)
),

composite AS (
    SELECT
        session_key,
        whole,
        MIN(group_key) AS reported_event_key
    FROM part
    GROUP BY session_key, whole
    HAVING COUNT(DISTINCT event_code) > 1
)

SELECT
    g.adverse_event_key,
    COALESCE(c.reported_event_key, g.group_key) AS reported_event_key,
    g.group_key,
    COALESCE(r.event_code, 'other') AS event_code,
    COALESCE(c.whole, r.event_code, 'other') AS counted_as,
    g.adverse_event_key != g.group_key AS is_duplicate,
    (c.whole IS NOT NULL AND p.is_symptom) AS is_symptom,
    r.source_id
FROM temp.event_group AS g
INNER JOIN temp.event_reading AS r ON g.adverse_event_key = r.adverse_event_key
LEFT JOIN part AS p ON g.group_key = p.group_key
LEFT JOIN composite AS c ON p.session_key = c.session_key AND p.whole = c.whole
