-- One row per regimen rule and course it could judge: what its permitted ways to dose say
-- together. Any reading of any way that holds is enough; a missing fact matters only where it could
-- change that; and of the ways that fail the nearest is told, the least severe and then the
-- smallest relative miss. The policy's weight decides; a stale one must give the same answer at
-- both its ends.
-- `status_number`: 0 met, 1 not assessable, 2 breached.
WITH alone AS (
    -- one way, one reading and one weight: nothing to gather
    SELECT
        rule_key,
        course_key,
        patient_key,
        regimen_key,
        weight_basis,
        worst,
        CASE
            WHEN hard_doubt IS NOT NULL THEN hard_doubt
            WHEN worst IS NULL THEN soft_doubt
        END AS reason
    FROM audit.faulted
    WHERE is_alone
),

reading AS (
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
        MIN(hard_doubt) AS hard_doubt,
        MIN(soft_doubt) AS soft_doubt,
        MAX(worst) AS worst
    FROM audit.faulted
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
        BOOL_OR(COALESCE(hard_doubt, soft_doubt) IS NULL AND worst IS NULL) AS is_met,
        MIN(
            CASE
                WHEN hard_doubt IS NOT NULL THEN hard_doubt
                WHEN worst IS NULL THEN soft_doubt
            END
        ) AS doubt,
        MIN(worst) FILTER (WHERE hard_doubt IS NULL) AS nearest
    FROM reading
    GROUP BY rule_key, course_key, regimen_key, weight_role, weight_basis
),

weighed AS (
    -- any way that holds is enough; of the steps of a schedule that are possible, all must
    SELECT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        MAX(patient_key) AS patient_key,
        MIN(regimen_key) FILTER (WHERE is_met) AS met_regimen_key,
        BOOL_OR(is_met AND NOT is_step_unsure) AS is_surely_met,
        BOOL_OR(is_step_unsure AND NOT is_met) AS is_step_failing,
        MIN({ 'reason': doubt, 'regimen_key': regimen_key }) FILTER (WHERE doubt IS NOT NULL)
            AS doubt,
        MIN(nearest) AS nearest
    FROM way
    GROUP BY rule_key, course_key, weight_role, weight_basis
),

said AS (
    SELECT
        *,
        CASE
            WHEN weighed.met_regimen_key IS NULL THEN doubt.reason
            WHEN NOT weighed.is_surely_met AND weighed.is_step_failing
                THEN CAST('history_truncated' AS AUDIT.VERDICT_REASON)
        END AS reason
    FROM weighed
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
        numbered.rule_key,
        numbered.course_key,
        MAX(patient_key) AS patient_key,
        MAX(status_number) FILTER (WHERE numbered.weight_role = 'policy') AS status_number,
        MAX(reason) FILTER (WHERE numbered.weight_role = 'policy') AS reason,
        MAX(met_regimen_key) FILTER (WHERE numbered.weight_role = 'policy') AS met_regimen_key,
        MAX(doubt.regimen_key) FILTER (WHERE numbered.weight_role = 'policy') AS doubt_regimen_key,
        MAX(nearest) FILTER (WHERE numbered.weight_role = 'policy' AND status_number = 2)
            AS nearest,
        MAX(weight_basis) FILTER (WHERE numbered.weight_role = 'policy') AS weight_basis,
        MIN(nearest.rank) FILTER (WHERE numbered.weight_role != 'alternative' AND status_number = 2)
            AS severity_rank,
        MIN(status_number) FILTER (WHERE numbered.weight_role != 'alternative')
        != MAX(status_number) FILTER (WHERE numbered.weight_role != 'alternative')
            AS is_stale_split,
        MIN(status_number) FILTER (WHERE numbered.weight_role IN ('policy', 'alternative'))
        != MAX(status_number) FILTER (WHERE numbered.weight_role IN ('policy', 'alternative'))
            AS is_weight_disputed
    FROM numbered
    GROUP BY numbered.rule_key, numbered.course_key
)

SELECT
    rule_key,
    course_key,
    patient_key,
    weight_basis,
    CASE WHEN reason IS NOT NULL THEN 1 WHEN worst IS NOT NULL THEN 2 ELSE 0 END AS status_number,
    reason,
    IF(reason IS NULL OR reason = 'condition_unknown', regimen_key, NULL) AS regimen_key,
    FALSE AS is_weight_disputed,
    worst.rank AS severity_rank,
    IF(reason IS NULL, worst, NULL) AS nearest
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
        WHEN status_number = 2 THEN nearest.regimen_key
    END AS regimen_key,
    is_weight_disputed,
    severity_rank,
    IF(is_stale_split, NULL, nearest) AS nearest
FROM settled
