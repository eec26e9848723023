-- One row per course: the newest actual weight and the newest height known at its start. A
-- measurement of the same local day counts, also a later one: it is often written down after.
-- A weight that an infusion calls adjusted or ideal is not one of these.
WITH measured AS (
    SELECT
        patient_key,
        measured_on,
        measured_at,
        weight_kg,
        height_cm,
        body_measurement_key AS record_key,
        1 AS preference
    FROM staged.body_measurement
    UNION ALL
    SELECT
        patient_key,
        started_on AS measured_on,
        started_at AS measured_at,
        weight_kg,
        NULL AS height_cm,
        infusion_key AS record_key,
        0 AS preference
    FROM derived.infusion
    WHERE weight_kg IS NOT NULL AND record = 'infusion'
),

-- one number puts the measurements of a day in order: the second of the day (a UTC instant may lie
-- 14 hours outside the local day), an infusion's before a measurement, and then the key
ordered AS (
    SELECT
        patient_key,
        measured_on,
        weight_kg,
        height_cm,
        (
            CASE
                WHEN measured_at IS NULL THEN 0
                ELSE DATE_DIFF('second', CAST(measured_on AS TIMESTAMP), measured_at) + 100000
            END * 2 + preference
        ) * 4294967296 + record_key AS place
    FROM measured
),

weighed AS (
    SELECT
        patient_key,
        measured_on,
        ARG_MAX(weight_kg, place) AS weight_kg,
        MAX(place) AS place
    FROM ordered
    WHERE weight_kg IS NOT NULL
    GROUP BY patient_key, measured_on
),

sized AS (
    SELECT
        patient_key,
        measured_on,
        ARG_MAX(height_cm, place) AS height_cm
    FROM ordered
    WHERE height_cm IS NOT NULL
    GROUP BY patient_key, measured_on
)

SELECT
    c.course_key,
    w.weight_kg AS actual_kg,
    w.measured_on,
    CAST(c.started_on - w.measured_on AS INTEGER) AS age_days,
    CASE w.place // 4294967296 % 2
        WHEN 0 THEN 'infusion'
        WHEN 1 THEN 'body_measurement'
    END AS weight_record,
    CAST(w.place % 4294967296 AS INTEGER) AS weight_record_key,
    c.started_on - w.measured_on > CASE
        WHEN c.age_years < ours.infant_years THEN ours.weight_max_age_days_infant
        ELSE ours.weight_max_age_days
    END AS is_stale,
    -- a child grows, so its height is good for a while only†
    CASE
        WHEN
            c.age_years >= ours.adult_years
            OR c.started_on - h.measured_on <= ours.child_height_max_age_days
            THEN h.height_cm
    END AS height_cm
FROM temp.course_fact AS c
CROSS JOIN guideline.policy AS ours
ASOF LEFT JOIN weighed AS w
    ON c.patient_key = w.patient_key AND c.started_on >= w.measured_on
ASOF LEFT JOIN sized AS h
    ON c.patient_key = h.patient_key AND c.started_on >= h.measured_on
