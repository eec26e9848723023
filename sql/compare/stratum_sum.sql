-- One row per kind of figure, what exposures are sorted by and class (NULL: not known): events,
-- exposures and their sums over patients. Reported events are counted in sessions; detected ones in
-- what their definition asks, courses (sorted by their first session) or sessions.
WITH asked AS (
    SELECT DISTINCT
        definition_id,
        subject_kind
    FROM audit.signal
),

exposure AS (
    SELECT
        p.population,
        'sessions' AS denominator,
        p.session_key,
        p.patient_key
    FROM temp.compared_population AS p
    ANTI JOIN asked AS a ON p.population = a.definition_id AND a.subject_kind = 'course'
    UNION ALL
    SELECT
        p.population,
        'courses' AS denominator,
        MIN(p.session_key) AS session_key,
        MIN(p.patient_key) AS patient_key
    FROM temp.compared_population AS p
    SEMI JOIN asked AS a ON p.population = a.definition_id AND a.subject_kind = 'course'
    GROUP BY p.population, p.course_key
),

-- only populations in which something happened
alive AS (
    SELECT DISTINCT population
    FROM temp.compared_case
),

sorted AS (
    SELECT
        session_key,
        UNNEST(['dose_number', 'dose_band', 'rate_band', 'premedication', 'blood_group'])
            AS sorted_by,
        UNNEST([dose_number, dose_band, rate_band, premedication, blood_group]) AS class_code
    FROM temp.compared_class
),

exposed AS (
    SELECT
        e.population,
        e.denominator,
        s.sorted_by,
        s.class_code,
        e.patient_key,
        COUNT(*) AS units
    FROM exposure AS e
    INNER JOIN alive AS a ON e.population = a.population
    INNER JOIN sorted AS s ON e.session_key = s.session_key
    GROUP BY ALL
),

total AS (
    SELECT
        population,
        denominator,
        sorted_by,
        class_code,
        SUM(units) AS units,
        COUNT(*) AS n_patients,
        SUM(units * units) AS units_squared
    FROM exposed
    GROUP BY ALL
),

happened AS (
    SELECT
        s.ascertainment,
        s.population,
        s.event_code,
        c.patient_key,
        k.sorted_by,
        k.class_code,
        COUNT(*) AS n
    FROM temp.compared_series AS s
    INNER JOIN temp.compared_case AS c
        ON
            s.ascertainment = c.ascertainment
            AND (s.event_code = c.event_code OR s.event_code IS NULL)
    INNER JOIN exposure AS e
        ON
            c.population = e.population
            AND COALESCE(c.session_key, c.first_session_key) = e.session_key
    INNER JOIN sorted AS k ON e.session_key = k.session_key
    GROUP BY ALL
),

counted AS (
    SELECT
        h.ascertainment,
        h.event_code,
        h.sorted_by,
        h.class_code,
        SUM(h.n) AS n_events,
        COUNT(*) AS n_patients,
        SUM(h.n * h.n) AS events_squared,
        SUM(h.n * e.units) AS events_by_units
    FROM happened AS h
    INNER JOIN exposed AS e
        ON
            h.population = e.population
            AND h.patient_key = e.patient_key
            AND h.sorted_by = e.sorted_by
            AND h.class_code IS NOT DISTINCT FROM e.class_code
    GROUP BY ALL
)

SELECT
    t.sorted_by,
    t.class_code,
    s.ascertainment,
    s.event_code,
    t.denominator,
    IF(c.n_events IS NULL, 0, c.n_events) AS n_events,
    IF(c.n_events IS NULL, 0, c.n_patients) AS n_patients_with,
    t.units,
    t.n_patients,
    IF(c.n_events IS NULL, 0, c.events_squared) AS events_squared,
    IF(c.n_events IS NULL, 0, c.events_by_units) AS events_by_units,
    t.units_squared
FROM temp.compared_series AS s
INNER JOIN total AS t ON s.population = t.population
LEFT JOIN counted AS c
    ON
        s.ascertainment = c.ascertainment
        AND s.event_code IS NOT DISTINCT FROM c.event_code
        AND t.sorted_by = c.sorted_by
        AND t.class_code IS NOT DISTINCT FROM c.class_code
ORDER BY ALL
