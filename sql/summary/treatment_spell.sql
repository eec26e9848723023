-- One row per spell under treatment with immunoglobulin: a patient's days of use without a break
-- longer than the history† that makes a course a loading one. A spell holds an intravenous course;
-- what was given under the skin, into a muscle or of an unreadable product or route keeps it going.
-- `left_on`, its last day, is known where another spell follows, the patient died within that time,
-- or the records of the place are complete for so long afterwards; NULL: not known yet.
-- `entry`: `new` (nothing before, and the records would show it), `returned`, else `unknown`.
-- A working table, made of treatments, which are courses joined already.
-- Sorted once: empty windows go through the rows as they stand (docs/decisions/0061).
WITH used AS (
    SELECT
        patient_key,
        started_on,
        last_on,
        treatment_key AS course_key
    FROM derived.treatment
    UNION ALL
    SELECT
        patient_key,
        started_on,
        last_on,
        course_key
    FROM derived.course
    WHERE indication_code IS NULL
    UNION ALL
    SELECT
        patient_key,
        started_on,
        started_on AS last_on,
        NULL AS course_key
    FROM derived.infusion
    WHERE
        exclusion IN ('subcutaneous', 'intramuscular', 'route_unknown', 'product_unknown')
        AND started_on IS NOT NULL
),

in_time AS (
    SELECT
        *,
        started_on - DATE '0001-01-01' AS from_day,
        last_on - DATE '0001-01-01' AS to_day
    FROM used
    ORDER BY patient_key, started_on, last_on, course_key
),

-- one line of time for all, a patient's after the other's: no day of any year is as large as the
-- step between them, so nobody's use runs into another patient's
lined_up AS (
    SELECT
        patient_key,
        course_key,
        started_on,
        last_on,
        CAST(patient_key AS BIGINT) * 10000000 + from_day AS from_place,
        MAX(CAST(patient_key AS BIGINT) * 10000000 + to_day) OVER so_far AS reached_place
    FROM in_time
    WINDOW so_far AS (ROWS UNBOUNDED PRECEDING) -- as the rows stand -- noqa: PRS,CP02
),

opened AS (
    SELECT
        l.*,
        (l.from_place - LAG(l.reached_place) OVER () <= ours.loading_history_days) IS NOT TRUE
            AS is_opening
    FROM lined_up AS l
    CROSS JOIN guideline.policy AS ours
),

numbered AS (
    SELECT
        *,
        COUNT(*) FILTER (WHERE is_opening) OVER so_far AS spell
    FROM opened
    WINDOW so_far AS (ROWS UNBOUNDED PRECEDING) -- as the rows stand -- noqa: PRS,CP02
),

spelled AS (
    SELECT
        spell,
        MIN(patient_key) AS patient_key,
        MIN(started_on) AS used_from_on,
        MIN(started_on) FILTER (WHERE course_key IS NOT NULL) AS started_on,
        ARG_MIN(course_key, started_on) FILTER (WHERE course_key IS NOT NULL) AS course_key,
        MAX(last_on) AS last_on
    FROM numbered
    GROUP BY spell
    ORDER BY spell
),

followed AS (
    SELECT
        *,
        (LAG(patient_key) OVER () = patient_key) IS TRUE AS is_following,
        (LEAD(patient_key) OVER () = patient_key) IS TRUE AS is_followed
    FROM spelled
),

-- where the last course was given decides whose records would show another one
place AS (
    SELECT
        f.spell,
        MIN(c.site_id) AS site_id
    FROM followed AS f
    INNER JOIN derived.course AS c ON f.patient_key = c.patient_key AND f.last_on = c.last_on
    WHERE c.site_id IN (SELECT k.site_id FROM temp.use_coverage AS k)
    GROUP BY f.spell
),

shown AS (
    SELECT
        f.*,
        s.is_history_truncated,
        p.deceased_on,
        ours.loading_history_days AS break_days,
        (
            SELECT MIN(k.to_on)
            FROM temp.use_coverage AS k
            WHERE
                k.from_on <= f.last_on
                AND CASE
                    WHEN l.site_id IS NOT NULL THEN k.site_id = l.site_id
                    ELSE k.site_id IS NULL
                END
        ) AS covered_to_on
    FROM followed AS f
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN place AS l ON f.spell = l.spell
    LEFT JOIN derived.course AS s ON f.course_key = s.course_key
    LEFT JOIN staged.patient AS p ON f.patient_key = p.patient_key
    WHERE f.course_key IS NOT NULL
)

SELECT
    patient_key,
    started_on,
    last_on,
    CASE
        WHEN is_following THEN 'returned'
        WHEN NOT is_history_truncated AND used_from_on = started_on THEN 'new'
        ELSE 'unknown'
    END AS entry,
    CASE
        WHEN is_followed THEN last_on
        WHEN deceased_on <= last_on + break_days THEN last_on
        WHEN last_on + break_days <= covered_to_on THEN last_on
    END AS left_on,
    NOT is_followed AND (deceased_on <= last_on + break_days) IS TRUE AS has_died
FROM shown
