-- One row per course before which the patient had what may have been treatment for the same
-- indication: the last other use of immunoglobulin, and the last course of unknown indication.
-- A bag of unknown product or in quarantine was perhaps a treatment too; one within a course's own
-- days is that course's doubt (has_unresolved_bag), and no treatment between two courses.
-- Only patients with such a day are looked at: they are few.
WITH unresolved AS (
    SELECT
        patient_key,
        started_on AS used_on
    FROM temp.bag
    WHERE exclusion = 'product_unknown' AND started_on IS NOT NULL
    UNION
    SELECT
        a.patient_key,
        q.on_date AS used_on
    FROM quarantine.infusion AS q
    INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
    WHERE q.on_date IS NOT NULL
    UNION
    SELECT
        a.patient_key,
        q.on_date AS used_on
    FROM quarantine.dispensing AS q
    INNER JOIN staged.patient_alias AS a ON TRIM(q.patient_id) = a.patient_id
    WHERE
        q.on_date IS NOT NULL
        AND 'infusion' NOT IN (SELECT r.record FROM audit.record_supplied AS r)
),

within AS (
    SELECT DISTINCT c.course_key
    FROM temp.course_fact AS c
    INNER JOIN unresolved AS u
        ON
            c.patient_key = u.patient_key
            AND u.used_on >= c.started_on - c.course_gap_days
            AND u.used_on <= c.last_on + c.course_gap_days
),

apart AS (
    SELECT
        u.patient_key,
        u.used_on
    FROM unresolved AS u
    ANTI JOIN temp.course_fact AS c
        ON
            u.patient_key = c.patient_key
            AND u.used_on >= c.started_on
            AND u.used_on <= c.last_on + c.course_gap_days
),

unknown AS (
    SELECT
        patient_key,
        started_on,
        last_on
    FROM temp.course_fact
    WHERE indication_code IS NULL
    UNION ALL
    SELECT
        patient_key,
        used_on AS started_on,
        used_on AS last_on
    FROM apart
),

doubtful AS (
    SELECT patient_key
    FROM temp.other_use
    UNION
    SELECT patient_key
    FROM unknown
    UNION
    SELECT patient_key
    FROM unresolved
),

followed AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.started_on
    FROM temp.course_fact AS c
    SEMI JOIN doubtful AS d ON c.patient_key = d.patient_key
)

SELECT
    f.course_key,
    o.used_on AS other_used_on,
    u.started_on AS unknown_started_on,
    u.last_on AS unknown_last_on,
    w.course_key IS NOT NULL AS has_unresolved_bag
FROM followed AS f
LEFT JOIN within AS w ON f.course_key = w.course_key
ASOF LEFT JOIN temp.other_use AS o
    ON f.patient_key = o.patient_key AND f.started_on > o.used_on
ASOF LEFT JOIN unknown AS u
    ON f.patient_key = u.patient_key AND f.started_on > u.started_on
