-- One row per case definition and exposure with anything to answer it: met when every group without
-- a stage is met for certain, not met when one of them cannot be, else not evaluable. A group is
-- met when at least so many of its criteria are; one that nothing answers is open.
WITH counted AS (
    SELECT
        definition_id,
        group_number,
        subject_kind,
        subject_key,
        COUNT(*) FILTER (WHERE is_certain) AS n_certain,
        COUNT(*) FILTER (WHERE is_excluded) AS n_excluded,
        SUM(n_results) AS n_results,
        MIN(met_at) AS met_at,
        MAX(met_at) FILTER (WHERE measure <> 'clinical_event') AS shown_at,
        MIN(diagnosis_key) AS diagnosis_key,
        MIN(reason) FILTER (WHERE NOT is_certain AND NOT is_excluded) AS reason
    FROM temp.criterion_answer
    GROUP BY definition_id, group_number, subject_kind, subject_key
),

grouped AS (
    SELECT
        a.definition_id,
        a.subject_kind,
        a.subject_key,
        COUNT(*) FILTER (WHERE g.stage IS NULL AND a.n_certain >= g.at_least) AS n_met,
        COUNT(*) FILTER (WHERE g.stage IS NULL AND g.n_criteria - a.n_excluded < g.at_least)
            AS n_failed,
        MAX(g.stage) FILTER (WHERE a.n_certain >= g.at_least) AS highest_stage,
        SUM(a.n_results) FILTER (WHERE g.stage IS NULL) AS n_results,
        COUNT(*) FILTER (WHERE g.stage IS NULL) AS n_asked,
        MIN(a.met_at) FILTER (WHERE g.stage IS NULL AND g.group_number = 1) AS lead_at,
        MAX(a.met_at) FILTER (WHERE g.stage IS NULL) AS met_at,
        MAX(a.shown_at) AS shown_at,
        MIN(a.diagnosis_key) AS diagnosis_key,
        MIN(a.reason) FILTER (WHERE g.stage IS NULL AND a.n_certain < g.at_least) AS reason
    FROM counted AS a
    INNER JOIN guideline.definition_group AS g
        ON a.definition_id = g.definition_id AND a.group_number = g.group_number
    GROUP BY a.definition_id, a.subject_kind, a.subject_key
),

needed AS (
    SELECT
        definition_id,
        COUNT(*) AS n_groups
    FROM guideline.definition_group
    WHERE stage IS NULL
    GROUP BY definition_id
)

SELECT
    a.definition_id,
    a.subject_kind,
    a.subject_key,
    CASE
        WHEN a.n_met = n.n_groups THEN 'met'
        WHEN a.n_failed > 0 THEN 'not_met'
        ELSE 'not_evaluable'
    END AS status,
    CASE
        WHEN a.n_met = n.n_groups OR a.n_failed > 0 THEN NULL
        WHEN a.reason IS NOT NULL THEN a.reason
        ELSE 'not_measured'
    END AS reason,
    -- `stage` is the definition's own word
    CASE
        WHEN a.n_met = n.n_groups THEN COALESCE(a.highest_stage, d.first_stage)
    END AS stage, -- noqa: RF04
    a.n_results,
    COALESCE(a.lead_at, a.met_at) AS occurred_at,
    COALESCE(a.shown_at, a.lead_at, a.met_at) AS shown_at,
    a.diagnosis_key
FROM grouped AS a
INNER JOIN needed AS n USING (definition_id)
INNER JOIN guideline.definition AS d ON a.definition_id = d.definition_id
WHERE a.n_asked > 0
