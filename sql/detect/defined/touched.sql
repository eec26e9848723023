-- One row per course begun in the period of which some record may tell: a result of a test that a
-- case definition asks for, a diagnosis or an event that may lie in the widest window asked of it.
-- Of any other course no definition can say a thing: most are such, and nothing else is looked at.
-- Results are many, so they meet their courses by patient and stretch of 16 days. That length only
-- decides how many are compared, never which are found.
WITH asked AS (
    SELECT
        c.analyte,
        w.from_hours,
        w.to_hours
    FROM guideline.definition_criterion AS c
    INNER JOIN guideline.definition AS d USING (definition_id)
    INNER JOIN guideline.event AS w ON d.window_of = w.event_code
    UNION ALL
    -- definitions with SQL of their own
    SELECT
        'creatinine' AS analyte,
        0 AS from_hours,
        window_hours AS to_hours
    FROM guideline.event_definition
),

tested AS (
    SELECT
        analyte,
        TO_HOURS(MIN(from_hours)) AS from_hours,
        TO_HOURS(MAX(to_hours)) AS to_hours
    FROM (
        SELECT * FROM asked
        UNION ALL
        -- the osmolal gap is made of four results
        SELECT
            UNNEST(['sodium', 'glucose', 'bun', 'osmolality']) AS analyte,
            from_hours,
            to_hours
        FROM asked
        WHERE analyte = 'osmolal_gap'
    ) AS every
    GROUP BY analyte
),

widest AS (
    SELECT
        TO_HOURS(MIN(from_hours)) AS from_hours,
        TO_HOURS(MAX(to_hours)) AS to_hours
    FROM asked
),

-- of a result without an hour only the local day is known, and its instants may reach into the next
result AS (
    SELECT
        l.patient_key,
        COALESCE(l.collected_at, CAST(l.collected_on AS TIMESTAMP)) AS taken_from,
        COALESCE(l.collected_at, l.collected_on + INTERVAL 2 DAY) AS taken_to,
        t.from_hours,
        t.to_hours
    FROM derived.lab_result AS l
    INNER JOIN tested AS t ON l.analyte = t.analyte
),

-- what is few is not parted: codes, events, and results in quarantine, whatever their test
record AS (
    SELECT
        patient_key,
        CAST(earliest_on AS TIMESTAMP) AS taken_from,
        latest_on + INTERVAL 1 DAY AS taken_to
    FROM temp.coded
    UNION ALL
    SELECT
        patient_key,
        CAST(occurred_on AS TIMESTAMP) AS taken_from,
        occurred_on + INTERVAL 1 DAY AS taken_to
    FROM staged.clinical_event
    UNION ALL
    SELECT DISTINCT
        a.patient_key,
        CAST(q.on_date AS TIMESTAMP) AS taken_from,
        q.on_date + INTERVAL 2 DAY AS taken_to
    FROM quarantine.lab_result AS q
    INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
    WHERE q.on_date IS NOT NULL
),

exposed AS (
    SELECT
        course_key,
        MIN(patient_key) AS patient_key,
        MIN(COALESCE(started_at, CAST(started_on AS TIMESTAMP))) AS begun_at,
        MAX(
            COALESCE(ended_at, started_at + INTERVAL 1 DAY, started_on + INTERVAL 2 DAY)
        ) AS ended_at
    FROM derived.session
    GROUP BY course_key
),

parted AS (
    SELECT
        e.*,
        UNNEST(
            RANGE(
                (CAST(e.begun_at + w.from_hours AS DATE) - DATE '1800-01-01' - 2) // 16,
                (CAST(e.ended_at + w.to_hours AS DATE) - DATE '1800-01-01') // 16 + 1
            )
        ) AS stretch
    FROM exposed AS e
    CROSS JOIN widest AS w
),

found AS (
    SELECT p.course_key
    FROM parted AS p
    INNER JOIN result AS r
        ON
            p.patient_key = r.patient_key
            AND p.stretch = (CAST(r.taken_from AS DATE) - DATE '1800-01-01') // 16
            AND p.begun_at <= r.taken_to - r.from_hours
            AND p.ended_at >= r.taken_from - r.to_hours
    UNION
    SELECT e.course_key
    FROM exposed AS e
    CROSS JOIN widest AS w
    INNER JOIN record AS r
        ON
            e.patient_key = r.patient_key
            AND e.begun_at <= r.taken_to - w.from_hours
            AND e.ended_at >= r.taken_from - w.to_hours
)

SELECT
    c.course_key,
    c.patient_key
FROM derived.course AS c
SEMI JOIN found AS f ON c.course_key = f.course_key
WHERE c.is_in_period
