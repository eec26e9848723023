-- One row per case definition and creatinine of known time: its stage by guideline.event_criterion.
-- Each criterion is asked twice, of what is certain and of what is possible: where the answers
-- differ the stage is NULL and `reason` says why. Without any earlier value in the span there is
-- no baseline, and that is never stage 0. `least_stage` is what holds whatever the unknown was.
-- Limits are multiplied, never divided. Bands are half-open: a ratio of 1.95 is stage 1.
WITH asked AS (
    SELECT
        b.*,
        k.definition_id,
        k.stage AS criterion_stage,
        k.needs_event,
        CASE k.measure
            WHEN 'rise' THEN b.at_least >= b.low_most + k.exact_at_least
            WHEN 'ratio' THEN b.at_least >= k.at_least * b.low_most
        END AS is_certain,
        CASE k.measure
            WHEN 'rise' THEN b.at_most IS NULL OR b.at_most >= b.low_least + k.exact_at_least
            WHEN 'ratio' THEN b.at_most IS NULL OR b.at_most >= k.at_least * b.low_least
        END AS is_possible
    FROM temp.creatinine_baseline AS b
    INNER JOIN guideline.event_criterion AS k
        ON b.within_hours = k.within_hours AND k.analyte = 'creatinine'
),

changed AS (
    SELECT
        definition_id,
        lab_result_key,
        patient_key,
        collected_at,
        collected_on,
        is_read,
        at_least,
        at_most,
        MIN(low_most) AS low_most,
        COUNT(low_least) > 0 AS has_baseline,
        BOOL_OR(has_unplaced) AS has_unplaced,
        MAX(CASE WHEN is_certain THEN criterion_stage ELSE 0 END) AS certain_stage,
        MAX(
            CASE WHEN low_least IS NOT NULL AND is_possible THEN criterion_stage ELSE 0 END
        ) AS possible_stage
    FROM asked
    GROUP BY ALL
),

-- "creatinine >= 4.0 mg/dL having met the definition"
absolute AS (
    SELECT
        c.definition_id,
        c.lab_result_key,
        MAX(CASE WHEN c.at_least >= k.exact_at_least THEN k.stage ELSE 0 END) AS certain_stage,
        MAX(
            CASE WHEN c.at_most IS NULL OR c.at_most >= k.exact_at_least THEN k.stage ELSE 0 END
        ) AS possible_stage
    FROM changed AS c
    INNER JOIN guideline.event_criterion AS k
        ON
            c.definition_id = k.definition_id
            AND k.measure = 'value'
            AND k.analyte = 'creatinine'
    WHERE c.possible_stage > 0
    GROUP BY c.definition_id, c.lab_result_key
),

staged AS (
    SELECT
        c.*,
        CASE
            WHEN c.certain_stage = 0 OR a.certain_stage IS NULL THEN c.certain_stage
            ELSE GREATEST(c.certain_stage, a.certain_stage)
        END AS least_stage,
        CASE
            WHEN a.possible_stage IS NULL THEN c.possible_stage
            ELSE GREATEST(c.possible_stage, a.possible_stage)
        END AS most_stage
    FROM changed AS c
    LEFT JOIN absolute AS a USING (definition_id, lab_result_key)
)

SELECT
    definition_id,
    lab_result_key,
    patient_key,
    collected_at,
    collected_on,
    at_least,
    at_most,
    low_most,
    least_stage,
    CASE
        WHEN has_baseline AND is_read AND least_stage = most_stage THEN least_stage
    END AS stage, -- the definition's word -- noqa: RF04
    CASE
        WHEN NOT is_read THEN 'value_unread'
        WHEN NOT has_baseline THEN 'no_baseline'
        WHEN least_stage = most_stage THEN NULL
        WHEN has_unplaced THEN 'unplaced_result'
        ELSE 'beyond_limit'
    END AS reason
FROM staged
