-- One row per course before which the patient had what may have been treatment for the same
-- indication: the last other use of immunoglobulin, and the last course of unknown indication.
-- Only patients with such a day are looked at: they are few.
WITH unknown AS (
    SELECT
        patient_key,
        started_on,
        last_on
    FROM temp.course_fact
    WHERE indication_code IS NULL
),

doubtful AS (
    SELECT patient_key
    FROM temp.other_use
    UNION
    SELECT patient_key
    FROM unknown
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
    u.last_on AS unknown_last_on
FROM followed AS f
ASOF LEFT JOIN temp.other_use AS o
    ON f.patient_key = o.patient_key AND f.started_on > o.used_on
ASOF LEFT JOIN unknown AS u
    ON f.patient_key = u.patient_key AND f.started_on > u.started_on
