-- One row per kind of figure and denominator: events, exposure, and the sums over patients from
-- which one sees whether a few patients count often.
-- Kilograms are of courses whose grams are all known, with the events of these only.
WITH denominator AS (
    SELECT UNNEST(['sessions', 'courses', 'patients', 'kilograms']) AS denominator
),

course AS (
    SELECT
        population,
        course_key,
        MIN(patient_key) AS patient_key,
        COUNT(*) AS n_sessions,
        CASE WHEN COUNT(dose_g) = COUNT(*) THEN SUM(dose_g) END AS dose_g
    FROM temp.compared_population
    GROUP BY population, course_key
),

exposed AS (
    SELECT
        c.population,
        c.patient_key,
        d.denominator,
        CAST(
            CASE d.denominator
                WHEN 'sessions' THEN SUM(c.n_sessions)
                WHEN 'courses' THEN COUNT(*)
                WHEN 'patients' THEN 1
                WHEN 'kilograms' THEN SUM(c.dose_g)
            END AS DECIMAL(15, 3)
        ) AS units
    FROM course AS c
    CROSS JOIN denominator AS d
    GROUP BY c.population, c.patient_key, d.denominator
),

total AS (
    SELECT
        population,
        denominator,
        SUM(units) AS units,
        SUM(CAST(units AS DECIMAL(38, 6)) * units) AS units_squared,
        COUNT(*) FILTER (WHERE units > 0) AS n_patients
    FROM exposed
    GROUP BY population, denominator
),

sorted AS (
    SELECT
        s.ascertainment,
        s.population,
        s.event_code,
        c.patient_key,
        d.denominator,
        COUNT(*) AS n
    FROM temp.compared_series AS s
    INNER JOIN temp.compared_case AS c
        ON
            s.ascertainment = c.ascertainment
            AND (s.event_code = c.event_code OR s.event_code IS NULL)
    INNER JOIN course AS p
        ON c.population = p.population AND c.course_key = p.course_key
    CROSS JOIN denominator AS d
    WHERE d.denominator != 'kilograms' OR p.dose_g > 0
    GROUP BY ALL
),

counted AS (
    SELECT
        s.ascertainment,
        s.event_code,
        s.denominator,
        SUM(s.n) AS n_events,
        SUM(s.n * s.n) AS events_squared,
        SUM(s.n * e.units) AS events_by_units,
        COUNT(*) AS n_patients
    FROM sorted AS s
    INNER JOIN exposed AS e
        ON
            s.population = e.population
            AND s.patient_key = e.patient_key
            AND s.denominator = e.denominator
    GROUP BY s.ascertainment, s.event_code, s.denominator
)

SELECT
    s.ascertainment,
    s.event_code,
    d.denominator,
    IF(c.n_events IS NULL, 0, c.n_events) AS n_events,
    IF(c.n_events IS NULL, 0, c.n_patients) AS n_patients_with,
    IF(t.units IS NULL, 0, t.units) AS units,
    IF(t.units IS NULL, 0, t.n_patients) AS n_patients,
    IF(c.n_events IS NULL, 0, c.events_squared) AS events_squared,
    IF(c.n_events IS NULL, 0, c.events_by_units) AS events_by_units,
    IF(t.units IS NULL, 0, t.units_squared) AS units_squared
FROM temp.compared_series AS s
CROSS JOIN denominator AS d
LEFT JOIN total AS t ON s.population = t.population AND d.denominator = t.denominator
LEFT JOIN counted AS c
    ON
        s.ascertainment = c.ascertainment
        AND s.event_code IS NOT DISTINCT FROM c.event_code
        AND d.denominator = c.denominator
ORDER BY s.ascertainment, s.event_code NULLS FIRST, d.denominator
