-- One row per regimen rule and course it could apply to; one without a rule where the set has none.
-- The limits and their source stand in guideline.regimen; any passing regimen meets the rule, and
-- when all fail the nearest is reported: the least severe, then the smallest relative miss.
WITH missed AS MATERIALIZED (
    -- by which part of the limit each clause fails; materialised, or every use computes it anew
    SELECT
        rule_key,
        course_key,
        patient_key,
        regimen_key,
        weight_role,
        weight_basis,
        total_high / total_max_g AS total_high,
        day_high / day_max_g AS day_high,
        days_high / days_max AS days_high,
        total_low / total_min_g AS total_low,
        day_low / day_min_g AS day_low,
        days_low / days_min AS days_low,
        days_broken / n_days AS days_broken,
        interval_early / interval_min_days AS interval_early,
        interval_late / interval_max_days AS interval_late,
        -- the total fits and no day is above its limit: only the number of days differs
        CASE
            WHEN COALESCE(total_high, total_low, day_high) IS NOT NULL OR NOT has_total_max THEN 3
            WHEN COALESCE(days_high, days_low) IS NULL THEN 3
            ELSE 1
        END AS days_rank,
        LEAST(
            CASE WHEN month_high IS NULL THEN 2 ELSE 3 END,
            CASE on_early WHEN 'advisory' THEN 1 WHEN 'review' THEN 2 ELSE 3 END
        ) AS early_rank,
        CASE WHEN on_late = 'advisory' THEN 1 ELSE 2 END AS late_rank,
        CASE
            WHEN NOT has_dose THEN NULL
            WHEN is_dose_uncertain THEN 'dose_uncertain'
            WHEN weight_kg IS NULL THEN weight_reason
            WHEN dose_g IS NULL AND COALESCE(total_high, day_high) IS NULL THEN 'no_dose'
        END AS dose_doubt,
        CASE
            WHEN is_open THEN 'course_open'
            WHEN is_start_truncated THEN 'history_truncated'
            WHEN has_unresolved_bag THEN 'bag_unresolved'
            WHEN has_interval AND interval_status IS NULL THEN 'unknown_between'
            WHEN has_interval AND interval_status NOT IN ('known', 'first') THEN interval_status
        END AS pass_doubt
    FROM audit.compared
),

scored AS (
    -- a failing clause as one number: its rank (3 off_guideline, 2 review, 1 advisory), its
    -- relative miss in ten-thousandths (12 digits), its own digit; the worst clause is the highest
    SELECT
        rule_key,
        course_key,
        patient_key,
        regimen_key,
        weight_role,
        weight_basis,
        dose_doubt,
        pass_doubt,
        GREATEST(
            CAST((300000000 + total_high) * 10000 AS BIGINT) * 10 + 9,
            CAST((300000000 + day_high) * 10000 AS BIGINT) * 10 + 7,
            CAST((100000000 * days_rank + days_high) * 10000 AS BIGINT) * 10 + 5,
            CAST((200000000 + total_low) * 10000 AS BIGINT) * 10 + 8,
            -- where only the number of days differs, the smaller days follow from it
            CAST((100000000 * NULLIF(LEAST(days_rank, 2), 1) + day_low) * 10000 AS BIGINT) * 10 + 6,
            CAST((100000000 * LEAST(days_rank, 2) + days_low) * 10000 AS BIGINT) * 10 + 4,
            CAST((200000000 + days_broken) * 10000 AS BIGINT) * 10 + 3,
            CAST((100000000 * early_rank + interval_early) * 10000 AS BIGINT) * 10 + 2,
            CAST((100000000 * late_rank + interval_late) * 10000 AS BIGINT) * 10 + 1
        ) AS worst
    FROM missed
),

weighed AS (
    -- what the regimens say together of the course under one weight. A missing fact matters only
    -- where it could change the answer; the lowest worst clause is the nearest regimen's
    SELECT
        rule_key,
        course_key,
        weight_role,
        weight_basis,
        MAX(patient_key) AS patient_key,
        MIN(regimen_key) FILTER (WHERE COALESCE(dose_doubt, pass_doubt) IS NULL AND worst IS NULL)
            AS met_regimen_key,
        MIN(CASE WHEN worst IS NULL AND dose_doubt IS NULL THEN pass_doubt ELSE dose_doubt END)
            AS doubt,
        MIN((worst // 10 * 100000 + regimen_key) * 10 + worst % 10) AS nearest
    FROM scored
    GROUP BY rule_key, course_key, weight_role, weight_basis
),

said AS (
    SELECT
        rule_key,
        course_key,
        patient_key,
        weight_role,
        weight_basis,
        met_regimen_key,
        CASE WHEN met_regimen_key IS NULL THEN doubt END AS reason,
        CASE WHEN met_regimen_key IS NULL AND doubt IS NULL THEN nearest END AS nearest,
        CASE
            WHEN met_regimen_key IS NOT NULL THEN 0
            WHEN doubt IS NOT NULL THEN 1
            ELSE 2
        END AS status_number
    FROM weighed
),

settled AS MATERIALIZED (
    -- the policy's weight decides; a stale one must give the same answer at both its ends
    SELECT
        rule_key,
        course_key,
        MAX(patient_key) AS patient_key,
        MAX(status_number) FILTER (WHERE weight_role = 'policy') AS status_number,
        MAX(reason) FILTER (WHERE weight_role = 'policy') AS reason,
        MAX(met_regimen_key) FILTER (WHERE weight_role = 'policy') AS met_regimen_key,
        MAX(nearest) FILTER (WHERE weight_role = 'policy') AS nearest,
        MAX(weight_basis) FILTER (WHERE weight_role = 'policy') AS weight_basis,
        -- 10^18 is where the rank stands in the number
        MIN(nearest) FILTER (WHERE weight_role != 'alternative')
        // 1000000000000000000 AS severity_rank,
        MIN(status_number) FILTER (WHERE weight_role != 'alternative')
        != MAX(status_number) FILTER (WHERE weight_role != 'alternative') AS is_stale_split,
        MIN(status_number) FILTER (WHERE weight_role IN ('policy', 'alternative'))
        != MAX(status_number) FILTER (WHERE weight_role IN ('policy', 'alternative'))
            AS is_weight_disputed
    FROM said
    GROUP BY rule_key, course_key
),

breached AS (
    SELECT
        rule_key,
        course_key,
        patient_key,
        weight_basis,
        is_weight_disputed,
        severity_rank,
        nearest // 1000000000000000000 AS clause_rank,
        nearest % 10 AS clause_digit,
        CAST(nearest // 10 % 100000 AS INTEGER) AS regimen_key
    FROM settled
    WHERE status_number = 2 AND NOT is_stale_split
),

measured AS (
    SELECT
        b.*,
        d.dose_tolerance,
        d.interval_tolerance_days,
        CASE
            WHEN b.clause_digit IN (9, 8) THEN 'dose_total'
            WHEN b.clause_digit IN (7, 6) THEN 'dose_per_day'
            WHEN b.clause_digit IN (5, 4, 3) THEN 'days'
            WHEN b.clause_digit IN (2, 1) THEN 'interval'
        END AS clause,
        CASE b.clause_digit
            WHEN 9 THEN d.known_dose_g
            WHEN 7 THEN d.max_day_g
            WHEN 8 THEN d.dose_g
            WHEN 6 THEN d.min_day_g
            WHEN 3 THEN d.span_days
            WHEN 2 THEN d.interval_days
            WHEN 1 THEN d.interval_days
            ELSE d.n_days
        END AS observed,
        CASE
            WHEN b.clause_digit IN (9, 8) THEN d.total_min_g
            WHEN b.clause_digit IN (7, 6) THEN d.day_min_g
            WHEN b.clause_digit IN (5, 4) THEN d.days_min
            WHEN b.clause_digit IN (2, 1) THEN d.interval_min_days
        END AS limit_low,
        CASE
            WHEN b.clause_digit IN (9, 8) THEN d.total_max_g
            WHEN b.clause_digit IN (7, 6) THEN d.day_max_g
            WHEN b.clause_digit IN (5, 4) THEN d.days_max
            WHEN b.clause_digit = 3 THEN d.n_days
            WHEN b.clause_digit IN (2, 1) THEN d.interval_max_days
        END AS limit_high
    FROM breached AS b
    INNER JOIN audit.dosed AS d
        ON
            b.rule_key = d.rule_key
            AND b.course_key = d.course_key
            AND b.regimen_key = d.regimen_key
    WHERE d.weight_role = 'policy'
),

dosing AS (
    SELECT DISTINCT rule_key
    FROM guideline.regimen
),

unjudged AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.course_key,
        a.patient_key,
        COALESCE(a.reason, 'named_without_dose') AS reason
    FROM audit.applicable AS a
    LEFT JOIN dosing AS g ON a.rule_key = g.rule_key
    WHERE a.kind = 'regimen' AND (a.reason IS NOT NULL OR g.rule_key IS NULL)
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    'breached' AS status,
    NULL AS reason,
    CASE severity_rank WHEN 1 THEN 'advisory' WHEN 2 THEN 'review' WHEN 3 THEN 'off_guideline' END
        AS severity,
    CASE
        WHEN severity_rank = 3 THEN NULL
        WHEN severity_rank < clause_rank THEN 'weight_stale'
        WHEN severity_rank = 1 AND clause_digit IN (5, 4) THEN 'days_only'
        WHEN clause_digit IN (8, 6, 4) THEN 'under_dose'
        WHEN clause_digit = 3 THEN 'days_broken'
        WHEN clause_digit = 2 THEN 'early_interval'
        WHEN clause_digit = 1 THEN 'late_interval'
    END AS cap,
    TRUE AS is_accusable,
    is_weight_disputed,
    clause,
    observed,
    limit_low,
    limit_high,
    CASE clause
        WHEN 'days' THEN 0
        WHEN 'interval' THEN interval_tolerance_days
        ELSE dose_tolerance
    END AS tolerance,
    CASE WHEN clause IN ('days', 'interval') THEN 'days' ELSE 'g' END AS unit,
    regimen_key,
    CASE
        WHEN clause_digit IN (8, 6, 4, 2) THEN limit_low - observed
        ELSE observed - limit_high
    END AS miss,
    weight_basis
FROM measured
UNION ALL BY NAME
SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE WHEN status_number = 0 AND NOT is_stale_split THEN 'met' ELSE 'not_assessable' END
        AS status,
    CASE WHEN is_stale_split THEN 'weight_stale' ELSE reason END AS reason,
    TRUE AS is_accusable,
    is_weight_disputed,
    CASE WHEN NOT is_stale_split THEN met_regimen_key END AS regimen_key,
    weight_basis
FROM settled
WHERE status_number < 2 OR is_stale_split
UNION ALL BY NAME
SELECT
    rule_key,
    set_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    course_key,
    patient_key,
    CASE
        WHEN reason IN ('no_indication', 'population_unknown', 'version_unknown', 'product_unknown')
            THEN 'not_assessable'
        ELSE 'not_applicable'
    END AS status,
    reason,
    reason != 'named_without_dose' AS is_accusable,
    FALSE AS is_weight_disputed
FROM unjudged
