-- One row per regimen rule and course it could judge: what its permitted ways to dose say
-- together. Any reading of any way that holds is enough, and a missing fact matters only where it
-- could change that. The policy's weight decides; a stale one must give the same answer at both its
-- ends.
-- `status_number`: 0 met, 1 not assessable, 2 breached.
WITH reading AS (
    -- every part of a reading must hold
    SELECT
        rule_key,
        course_key,
        regimen_key,
        weight_role,
        weight_basis,
        reading,
        MAX(patient_key) AS patient_key,
        BOOL_OR(is_step_unsure) AS is_step_unsure,
        MAX(step_from_months) AS step_from_months,
        MAX(step_to_months) AS step_to_months,
        MIN(hard_doubt) AS hard_doubt,
        MIN(soft_doubt) AS soft_doubt,
        COUNT(grade) > 0 AS is_failing
    FROM temp.dose_failed
    WHERE NOT is_alone
    GROUP BY rule_key, course_key, regimen_key, weight_role, weight_basis, reading
),

way AS (
    -- any reading that holds is enough
    SELECT
        rule_key,
        course_key,
        regimen_key,
        weight_role,
        weight_basis,
        MAX(patient_key) AS patient_key,
        BOOL_OR(is_step_unsure) AS is_step_unsure,
        MAX(step_from_months) AS step_from_months,
        MAX(step_to_months) AS step_to_months,
        BOOL_OR(COALESCE(hard_doubt, soft_doubt) IS NULL AND NOT is_failing) AS is_met,
        MIN(COALESCE(hard_doubt, IF(is_failing, NULL, soft_doubt))) AS doubt
    FROM reading
    GROUP BY rule_key, course_key, regimen_key, weight_role, weight_basis
),

-- where nobody saw the treatment begin: the months in which its ways could change, 0 for as seen
ahead AS (
    SELECT DISTINCT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        UNNEST([0, step_from_months, step_to_months]) AS month_number
    FROM way
    WHERE is_step_unsure
),

step AS (
    -- of the ways in force in a month any is enough
    SELECT
        a.rule_key,
        a.course_key,
        a.weight_role,
        a.weight_basis,
        NOT BOOL_OR(w.is_met) AS is_failing
    FROM ahead AS a
    INNER JOIN way AS w
        ON
            a.rule_key = w.rule_key
            AND a.course_key = w.course_key
            AND a.weight_role = w.weight_role
            AND a.weight_basis IS NOT DISTINCT FROM w.weight_basis
            AND a.month_number >= w.step_from_months
            AND (a.month_number < w.step_to_months) IS NOT FALSE
    GROUP BY a.rule_key, a.course_key, a.weight_role, a.weight_basis, a.month_number
),

stepped AS (
    -- of the steps of a schedule that are possible, all must hold
    SELECT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        BOOL_OR(is_failing) AS is_step_failing
    FROM step
    GROUP BY rule_key, course_key, weight_role, weight_basis
),

weighed AS (
    -- any way that holds is enough
    SELECT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        MAX(patient_key) AS patient_key,
        MIN(regimen_key) FILTER (WHERE is_met) AS met_regimen_key,
        MIN({ 'reason': doubt, 'regimen_key': regimen_key }) FILTER (WHERE doubt IS NOT NULL)
            AS doubt
    FROM way
    GROUP BY rule_key, course_key, weight_role, weight_basis
),

said AS (
    SELECT
        w.*,
        CASE
            WHEN w.met_regimen_key IS NULL THEN w.doubt['reason']
            WHEN s.is_step_failing THEN CAST('history_truncated' AS AUDIT.VERDICT_REASON)
        END AS reason
    FROM weighed AS w
    LEFT JOIN stepped AS s
        ON
            w.rule_key = s.rule_key
            AND w.course_key = s.course_key
            AND w.weight_role = s.weight_role
            AND w.weight_basis IS NOT DISTINCT FROM s.weight_basis
),

numbered AS (
    SELECT
        *,
        CASE
            WHEN reason IS NOT NULL THEN 1
            WHEN met_regimen_key IS NOT NULL THEN 0
            ELSE 2
        END AS status_number
    FROM said
),

settled AS (
    SELECT
        rule_key,
        course_key,
        MAX(patient_key) AS patient_key,
        MAX(status_number) FILTER (WHERE weight_role = 'policy') AS status_number,
        MAX(reason) FILTER (WHERE weight_role = 'policy') AS reason,
        MAX(met_regimen_key) FILTER (WHERE weight_role = 'policy') AS met_regimen_key,
        MAX(doubt['regimen_key']) FILTER (WHERE weight_role = 'policy') AS doubt_regimen_key,
        MAX(weight_basis) FILTER (WHERE weight_role = 'policy') AS weight_basis,
        MIN(status_number) FILTER (WHERE weight_role != 'alternative')
        != MAX(status_number) FILTER (WHERE weight_role != 'alternative') AS is_stale_split,
        MIN(status_number) FILTER (WHERE weight_role IN ('policy', 'alternative'))
        != MAX(status_number) FILTER (WHERE weight_role IN ('policy', 'alternative'))
            AS is_weight_disputed
    FROM numbered
    GROUP BY rule_key, course_key
),

alone AS (
    -- one way, one reading and one weight: nothing to gather
    SELECT
        rule_key,
        course_key,
        patient_key,
        regimen_key,
        weight_basis,
        grade IS NOT NULL AS is_failing,
        COALESCE(hard_doubt, IF(grade IS NULL, soft_doubt, NULL)) AS reason
    FROM temp.dose_failed
    WHERE is_alone
)

SELECT
    rule_key,
    course_key,
    patient_key,
    weight_basis,
    CASE WHEN reason IS NOT NULL THEN 1 WHEN is_failing THEN 2 ELSE 0 END AS status_number,
    reason,
    IF(
        NOT is_failing AND (reason IS NULL OR reason = 'condition_unknown'), regimen_key, NULL
    ) AS regimen_key,
    FALSE AS is_weight_disputed
FROM alone
UNION ALL
SELECT
    rule_key,
    course_key,
    patient_key,
    weight_basis,
    IF(is_stale_split, 1, status_number) AS status_number,
    IF(is_stale_split, 'weight_stale', reason) AS reason,
    CASE
        WHEN is_stale_split THEN NULL
        WHEN reason = 'condition_unknown' THEN doubt_regimen_key
        WHEN status_number = 0 THEN met_regimen_key
    END AS regimen_key,
    is_weight_disputed
FROM settled
