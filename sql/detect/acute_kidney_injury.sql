-- One row per case definition of acute kidney injury by creatinine and course that some record may
-- tell of: met, not met, or not evaluable and why. A signal, never a verdict. Definition, criteria,
-- window and their sources: guideline.event_definition, guideline.event_criterion. `guards` say why
-- a signal stays out of every numerator: the values lie below what a laboratory resolves; so high a
-- value was there before the course; the rise since the last value before the course would not meet
-- the definition by itself.
WITH definition AS (
    SELECT
        d.definition_id,
        d.event,
        d.window_hours,
        d.resolution_at_most * MAX(u.exact_factor) AS exact_resolution,
        MAX(k.within_hours) AS look_back_hours
    FROM guideline.event_definition AS d
    INNER JOIN guideline.lab_unit AS u
        ON d.resolution_unit = u.unit AND u.analyte = 'creatinine'
    INNER JOIN guideline.event_criterion AS k USING (definition_id)
    WHERE d.event = 'aki'
    GROUP BY d.definition_id, d.event, d.window_hours, d.resolution_at_most
),

-- of a session without a time only the day is known: it may have begun at either end of it
exposed AS (
    SELECT
        c.course_key,
        c.patient_key,
        MIN(s.started_on) AS first_on,
        MAX(s.started_on) AS last_on,
        MIN(COALESCE(s.started_at, CAST(s.started_on AS TIMESTAMP))) AS from_earliest,
        MIN(COALESCE(s.started_at, s.started_on + INTERVAL 1 DAY)) AS from_latest,
        MAX(COALESCE(s.ended_at, s.started_at, s.started_on + INTERVAL 1 DAY)) AS ended_latest
    FROM derived.course AS c
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    SEMI JOIN temp.touched AS t ON c.course_key = t.course_key
    GROUP BY c.course_key, c.patient_key
),

subject AS (
    SELECT
        e.*,
        d.*,
        e.ended_latest + TO_HOURS(d.window_hours) AS until_at
    FROM exposed AS e
    CROSS JOIN definition AS d
),

follow_up AS (
    SELECT
        s.course_key,
        r.*,
        r.collected_at >= s.from_latest AS is_after
    FROM subject AS s
    INNER JOIN audit.creatinine_stage AS r
        ON
            s.definition_id = r.definition_id
            AND s.patient_key = r.patient_key
            AND s.from_earliest <= r.collected_at
            AND s.until_at > r.collected_at
),

undated AS (
    SELECT
        s.definition_id,
        s.course_key,
        COUNT(*) AS n
    FROM subject AS s
    INNER JOIN temp.creatinine AS c
        ON
            s.patient_key = c.patient_key
            AND s.first_on <= c.collected_on
            AND CAST(s.until_at AS DATE) >= c.collected_on
    WHERE c.collected_at IS NULL
    GROUP BY s.definition_id, s.course_key
),

seen AS (
    SELECT
        definition_id,
        course_key,
        COUNT(*) FILTER (WHERE is_after) AS n_after,
        COUNT(*) FILTER (WHERE is_after AND stage IS NULL) AS n_unknown,
        MIN(reason) FILTER (WHERE is_after AND stage IS NULL) AS reason,
        COUNT(*) FILTER (WHERE NOT is_after AND stage IS DISTINCT FROM 0) AS n_either_side,
        MAX(least_stage) FILTER (WHERE is_after) AS highest_stage
    FROM follow_up
    GROUP BY definition_id, course_key
),

met AS (
    SELECT * FROM follow_up
    WHERE is_after AND least_stage > 0
),

peak AS (
    SELECT
        definition_id,
        course_key,
        MIN(collected_at) AS occurred_at,
        MAX(at_least) AS peak_least,
        CASE WHEN COUNT(at_most) = COUNT(*) THEN MAX(at_most) END AS peak_most,
        ARG_MAX(lab_result_key, (least_stage, at_least, -lab_result_key)) AS lab_result_key,
        -- what is surely raised was read and is no upper limit: the least it can be is its value
        ARG_MAX(at_least, (least_stage, at_least, -lab_result_key)) AS exact_value,
        ARG_MAX(low_most, (least_stage, at_least, -lab_result_key)) AS low_most
    FROM met
    GROUP BY definition_id, course_key
),

before AS (
    SELECT
        p.definition_id,
        p.course_key,
        MAX(c.at_least) AS highest,
        MAX(c.collected_at) AS last_at
    FROM peak AS p
    INNER JOIN subject AS s USING (definition_id, course_key)
    INNER JOIN temp.creatinine AS c
        ON
            s.patient_key = c.patient_key
            AND s.from_earliest > c.collected_at
            AND s.from_earliest - TO_HOURS(s.look_back_hours) <= c.collected_at
    WHERE c.is_read
    GROUP BY p.definition_id, p.course_key
),

risen AS (
    SELECT
        m.definition_id,
        m.course_key,
        m.lab_result_key,
        m.at_least AS value_at_least,
        k.measure,
        k.at_least,
        k.exact_at_least,
        MIN(c.at_most) AS low_most
    FROM met AS m
    INNER JOIN before AS b USING (definition_id, course_key)
    INNER JOIN guideline.event_criterion AS k
        ON m.definition_id = k.definition_id AND k.within_hours IS NOT NULL
    INNER JOIN temp.creatinine AS c
        ON
            m.patient_key = c.patient_key
            AND b.last_at <= c.collected_at
            AND m.collected_at > c.collected_at
            AND m.collected_at - TO_HOURS(k.within_hours) <= c.collected_at
    GROUP BY ALL
),

risen_since AS (
    SELECT DISTINCT
        definition_id,
        course_key
    FROM risen
    WHERE
        (measure = 'rise' AND value_at_least >= low_most + exact_at_least)
        OR (measure = 'ratio' AND value_at_least >= at_least * low_most)
),

answered AS (
    SELECT
        s.definition_id,
        s.event,
        s.course_key,
        s.patient_key,
        CASE
            WHEN n.highest_stage > 0 THEN 'met'
            WHEN n.n_after > 0 AND n.n_unknown = 0 AND n.n_either_side = 0 AND u.n IS NULL
                THEN 'not_met'
            ELSE 'not_evaluable'
        END AS status,
        CASE
            WHEN n.highest_stage > 0 THEN NULL
            WHEN n.n_unknown > 0 THEN n.reason
            WHEN n.n_either_side > 0 OR u.n IS NOT NULL THEN 'time_unknown'
            WHEN n.n_after IS NULL OR n.n_after = 0 THEN 'no_result'
        END AS reason,
        -- `stage` is the definition's own word
        CASE WHEN n.highest_stage > 0 THEN n.highest_stage END AS stage, -- noqa: RF04
        n.n_after,
        p.occurred_at,
        p.lab_result_key,
        p.exact_value,
        p.low_most,
        NULLIF(
            CONCAT_WS(
                ' ',
                CASE WHEN p.peak_most <= s.exact_resolution THEN 'below_resolution' END,
                CASE WHEN b.highest >= p.peak_least THEN 'seen_before_exposure' END,
                CASE
                    WHEN b.course_key IS NOT NULL AND r.course_key IS NULL
                        THEN 'rising_before_exposure'
                END
            ),
            ''
        ) AS guards
    FROM subject AS s
    LEFT JOIN seen AS n USING (definition_id, course_key)
    LEFT JOIN undated AS u USING (definition_id, course_key)
    LEFT JOIN peak AS p USING (definition_id, course_key)
    LEFT JOIN before AS b USING (definition_id, course_key)
    LEFT JOIN risen_since AS r USING (definition_id, course_key)
)

SELECT
    a.definition_id,
    a.event,
    a.course_key,
    a.patient_key,
    a.status,
    a.reason,
    a.stage,
    a.n_after AS n_results,
    a.occurred_at,
    a.lab_result_key,
    CAST(ROUND(a.exact_value / y.divisor, 6) AS DECIMAL(18, 6)) AS observed,
    CAST(ROUND(a.low_most / y.divisor, 6) AS DECIMAL(18, 6)) AS baseline,
    y.canonical_unit AS unit,
    a.guards,
    a.status = 'met' AND a.guards IS NULL AS is_counted
FROM answered AS a
LEFT JOIN guideline.lab_analyte AS y ON y.analyte = 'creatinine'
