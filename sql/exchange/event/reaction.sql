-- One row per draft and reaction: several reports of one are one reaction, under the words of the
-- first; the symptoms of an infusion reaction are several. What a detected event is called is ours.
WITH told AS (
    SELECT
        c.case_id,
        e.group_key AS reaction_key,
        a.adverse_event_key,
        a.term,
        a.onset_at,
        a.onset_on,
        a.outcome,
        a.imputability,
        a.assessor,
        s.criterion
    FROM temp.chosen_case AS c
    INNER JOIN derived.event_report AS e
        ON c.origin = 'reported' AND c.event_key = e.reported_event_key
    INNER JOIN staged.adverse_event AS a ON e.adverse_event_key = a.adverse_event_key
    LEFT JOIN guideline.seriousness AS s
        ON s.term = TRIM(REGEXP_REPLACE(LOWER(a.seriousness), '[\s_-]+', ' ', 'g'))
)

SELECT
    case_id,
    reaction_key,
    FIRST(term ORDER BY adverse_event_key) AS term,
    MIN(onset_at) AS onset_at,
    MIN(onset_on) AS onset_on,
    LIST(DISTINCT criterion ORDER BY criterion) AS criteria,
    LIST(DISTINCT outcome ORDER BY outcome) AS outcomes,
    LIST(
        DISTINCT STRUCT_PACK(result := imputability, assessor := assessor)
        ORDER BY STRUCT_PACK(result := imputability, assessor := assessor)
    ) FILTER (WHERE imputability IS NOT NULL) AS assessments
FROM told
GROUP BY case_id, reaction_key
UNION ALL
SELECT
    c.case_id,
    0 AS reaction_key,
    COALESCE(g.name, c.event_code) AS term,
    c.onset_at,
    c.onset_on,
    NULL AS criteria,
    NULL AS outcomes,
    NULL AS assessments
FROM temp.chosen_case AS c
LEFT JOIN guideline.event AS g ON c.event_code = g.event_code
WHERE c.origin = 'detected'
ORDER BY ALL
