-- One row per course: what its sessions say together, and what was stated as its indication.
-- A course of a single session needs no gathering. Grams of a day are those of the sessions dated
-- that day; unknown or uncertain grams make a day's and the course's grams NULL.
WITH session AS NOT MATERIALIZED (
    SELECT
        c.course_key,
        c.is_first,
        c.is_same_day,
        f.*
    FROM temp.session_fact AS f
    INNER JOIN temp.session_course AS c ON f.session_key = c.session_key
),

-- few courses have two sessions on a day: of the others a session's grams are the day's
crowded AS (
    SELECT DISTINCT course_key
    FROM temp.session_course
    WHERE is_same_day
),

day AS (
    SELECT
        s.course_key,
        s.started_on,
        CAST(
            CASE WHEN COUNT(s.dose_g) = COUNT(*) THEN SUM(s.dose_g) END AS DECIMAL(12, 3)
        ) AS day_g
    FROM session AS s
    SEMI JOIN crowded AS k ON s.course_key = k.course_key
    GROUP BY s.course_key, s.started_on
),

daily AS (
    SELECT
        course_key,
        MAX(day_g) AS max_day_g,
        MIN(day_g) AS min_day_g
    FROM day
    GROUP BY course_key
    HAVING COUNT(day_g) = COUNT(*)
),

gathered AS (
    SELECT
        course_key,
        MIN(patient_key) AS patient_key,
        MIN(started_on) AS started_on,
        MAX(started_on) AS last_on,
        CAST(COUNT(*) AS INTEGER) AS n_sessions,
        CAST(COUNT(*) FILTER (WHERE NOT is_same_day) AS INTEGER) AS n_days,
        BOOL_OR(is_same_day) AS is_crowded,
        CASE WHEN COUNT(dose_g) = COUNT(*) THEN MAX(dose_g) END AS max_session_g,
        CASE WHEN COUNT(dose_g) = COUNT(*) THEN MIN(dose_g) END AS min_session_g,
        CAST(SUM(n_infusions) AS INTEGER) AS n_infusions,
        CAST(CASE WHEN COUNT(dose_g) = COUNT(*) THEN SUM(dose_g) END AS DECIMAL(12, 3)) AS dose_g,
        CAST(SUM(known_dose_g) AS DECIMAL(12, 3)) AS known_dose_g,
        BOOL_OR(is_stopped) AS is_stopped,
        BOOL_OR(is_dose_uncertain) AS is_dose_uncertain,
        MIN(first_indication) AS first_indication,
        BOOL_OR(is_indication_mixed)
        OR (MIN(first_indication) != MAX(first_indication)) IS TRUE AS is_indication_mixed,
        BOOL_OR(is_indication_on_infusion) AS is_indication_on_infusion,
        MIN(first_phase) AS first_phase,
        BOOL_OR(is_phase_mixed)
        OR (MIN(first_phase) != MAX(first_phase)) IS TRUE AS is_phase_mixed,
        MIN(first_approved_phase) AS first_approved_phase,
        BOOL_OR(is_approved_phase_mixed)
        OR (MIN(first_approved_phase) != MAX(first_approved_phase)) IS TRUE
            AS is_approved_phase_mixed,
        -- the coarsest step of the products used: no finding may rest on less
        MAX(vial_step_g) AS vial_step_g,
        MIN(first_product) AS first_product,
        BOOL_OR(is_product_mixed)
        OR (MIN(first_product) != MAX(first_product)) IS TRUE AS is_product_mixed,
        MIN(CASE WHEN is_first THEN site_id END) AS site_id
    FROM session
    GROUP BY course_key
)

SELECT
    f.session_key AS course_key,
    f.patient_key,
    f.started_on,
    f.started_on AS last_on,
    1 AS n_sessions,
    f.n_infusions,
    1 AS n_days,
    f.dose_g,
    f.known_dose_g,
    f.dose_g AS max_day_g,
    f.dose_g AS min_day_g,
    f.is_stopped,
    f.is_dose_uncertain,
    f.first_indication,
    f.is_indication_mixed,
    f.is_indication_on_infusion,
    f.first_phase,
    f.is_phase_mixed,
    f.first_approved_phase,
    f.is_approved_phase_mixed,
    f.vial_step_g,
    f.first_product,
    f.is_product_mixed,
    f.site_id
FROM temp.session_fact AS f
ANTI JOIN temp.session_course AS c ON f.session_key = c.session_key
UNION ALL
SELECT
    g.course_key,
    g.patient_key,
    g.started_on,
    g.last_on,
    g.n_sessions,
    g.n_infusions,
    g.n_days,
    g.dose_g,
    g.known_dose_g,
    IF(g.is_crowded, d.max_day_g, g.max_session_g) AS max_day_g,
    IF(g.is_crowded, d.min_day_g, g.min_session_g) AS min_day_g,
    g.is_stopped,
    g.is_dose_uncertain,
    g.first_indication,
    g.is_indication_mixed,
    g.is_indication_on_infusion,
    g.first_phase,
    g.is_phase_mixed,
    g.first_approved_phase,
    g.is_approved_phase_mixed,
    g.vial_step_g,
    g.first_product,
    g.is_product_mixed,
    g.site_id
FROM gathered AS g
LEFT JOIN daily AS d ON g.course_key = d.course_key
