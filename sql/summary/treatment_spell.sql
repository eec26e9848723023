-- One row per spell under treatment with immunoglobulin: a patient's days of use without a break
-- longer than the history† that makes a course a loading one. A spell holds an intravenous course;
-- what was given under the skin, into a muscle or of an unreadable product or route keeps it going.
-- `left_on`, its last day, is known where another spell follows, the patient died within that time,
-- or the records of the place are complete for so long afterwards; NULL: not known yet.
-- `entry`: `new` (nothing before, and the records would show it), `returned`, else `unknown`.
-- A working table, made of treatments, which are courses joined already.
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

reached AS (
    SELECT
        *,
        MAX(last_on) OVER (
            PARTITION BY patient_key
            ORDER BY started_on, last_on, course_key
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reached_on
    FROM used
),

numbered AS (
    SELECT
        r.*,
        COUNT(*) FILTER (
            WHERE (r.started_on - r.reached_on <= ours.loading_history_days) IS NOT TRUE
        ) OVER (
            PARTITION BY r.patient_key
            ORDER BY r.started_on, r.last_on, r.course_key
            ROWS UNBOUNDED PRECEDING
        ) AS spell
    FROM reached AS r
    CROSS JOIN guideline.policy AS ours
),

spelled AS (
    SELECT
        patient_key,
        spell,
        MIN(started_on) AS used_from_on,
        MIN(started_on) FILTER (WHERE course_key IS NOT NULL) AS started_on,
        ARG_MIN(course_key, started_on) FILTER (WHERE course_key IS NOT NULL) AS course_key,
        MAX(last_on) AS last_on
    FROM numbered
    GROUP BY patient_key, spell
),

followed AS (
    SELECT
        *,
        LEAD(used_from_on) OVER (PARTITION BY patient_key ORDER BY spell) AS next_on
    FROM spelled
),

complete AS (
    SELECT
        c.site_id,
        c.from_on,
        LEAST(c.to_on, ours.as_of) AS to_on
    FROM staged.coverage AS c
    CROSS JOIN guideline.policy AS ours
    WHERE
        c.record = CASE
            WHEN
                'infusion' IN (SELECT s.record FROM audit.record_supplied AS s)
                THEN 'infusion'
            ELSE 'dispensing'
        END
),

-- where the last course was given decides whose records would show another one
place AS (
    SELECT
        f.patient_key,
        f.spell,
        MIN(c.site_id) AS site_id
    FROM followed AS f
    INNER JOIN derived.course AS c ON f.patient_key = c.patient_key AND f.last_on = c.last_on
    WHERE c.site_id IN (SELECT k.site_id FROM complete AS k)
    GROUP BY f.patient_key, f.spell
),

shown AS (
    SELECT
        f.*,
        s.is_history_truncated,
        p.deceased_on,
        ours.loading_history_days AS break_days,
        (
            SELECT MIN(k.to_on)
            FROM complete AS k
            WHERE
                k.from_on <= f.last_on
                AND CASE
                    WHEN l.site_id IS NOT NULL THEN k.site_id = l.site_id
                    ELSE k.site_id IS NULL
                END
        ) AS covered_to_on
    FROM followed AS f
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN place AS l ON f.patient_key = l.patient_key AND f.spell = l.spell
    LEFT JOIN derived.course AS s ON f.course_key = s.course_key
    LEFT JOIN staged.patient AS p ON f.patient_key = p.patient_key
    WHERE f.course_key IS NOT NULL
)

SELECT
    patient_key,
    started_on,
    last_on,
    CASE
        WHEN spell > 1 THEN 'returned'
        WHEN NOT is_history_truncated AND used_from_on = started_on THEN 'new'
        ELSE 'unknown'
    END AS entry,
    CASE
        WHEN next_on IS NOT NULL THEN last_on
        WHEN deceased_on <= last_on + break_days THEN last_on
        WHEN last_on + break_days <= covered_to_on THEN last_on
    END AS left_on,
    next_on IS NULL AND (deceased_on <= last_on + break_days) IS TRUE AS has_died
FROM shown
