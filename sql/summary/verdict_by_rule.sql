-- One row per rule in force: its verdicts by status, breaches by the severity that applied;
-- and one per set and kind for the subjects no rule of the set could be chosen for.
WITH asked AS (
    SELECT
        rule_key,
        rule_id,
        set_key,
        kind
    FROM guideline.rule
    UNION ALL
    SELECT DISTINCT
        NULL AS rule_key,
        NULL AS rule_id,
        set_key,
        kind
    FROM temp.verdict_count
    WHERE rule_key IS NULL
),

answered AS (
    SELECT
        set_key,
        kind,
        rule_key,
        n_verdicts,
        CASE
            WHEN status = 'breached' THEN CAST(severity AS VARCHAR)
            ELSE CAST(status AS VARCHAR)
        END AS answer
    FROM temp.verdict_count
)

SELECT
    a.rule_key,
    g.set_id,
    g.is_house,
    a.rule_id,
    a.kind,
    SUM(CASE WHEN v.answer IS NULL THEN 0 ELSE v.n_verdicts END) AS n_verdicts,
    SUM(CASE WHEN v.answer = 'met' THEN v.n_verdicts ELSE 0 END) AS n_met,
    SUM(CASE WHEN v.answer = 'off_guideline' THEN v.n_verdicts ELSE 0 END) AS n_off,
    SUM(CASE WHEN v.answer = 'review' THEN v.n_verdicts ELSE 0 END) AS n_review,
    SUM(CASE WHEN v.answer = 'advisory' THEN v.n_verdicts ELSE 0 END) AS n_advisory,
    SUM(CASE WHEN v.answer = 'not_assessable' THEN v.n_verdicts ELSE 0 END) AS n_not_assessable,
    SUM(CASE WHEN v.answer = 'not_applicable' THEN v.n_verdicts ELSE 0 END) AS n_not_applicable
FROM asked AS a
INNER JOIN guideline.guideline_set AS g ON a.set_key = g.set_key
LEFT JOIN answered AS v
    ON
        a.set_key = v.set_key
        AND a.kind = v.kind
        AND a.rule_key IS NOT DISTINCT FROM v.rule_key
GROUP BY a.rule_key, g.set_id, g.is_house, a.rule_id, a.kind
