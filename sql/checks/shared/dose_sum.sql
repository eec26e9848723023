-- One row per breach that grams decided: the sessions that were added up, with their days.
-- These are the sessions of the part that was judged, of the one day that was, or of the 28 days
-- that end with the course.
WITH framed AS (
    SELECT
        b.rule_key,
        b.course_key,
        b.observed,
        b.fault IN ('day_high', 'day_low') AS is_of_a_day,
        b.fault = 'rolling_high' OR (b.is_grams_high AND b.reading <= 0) AS is_of_28_days,
        c.patient_key,
        c.episode_key,
        c.indication_code,
        CASE
            WHEN is_of_28_days THEN c.last_on - 27
            -- a repeat too early: what the course and its repeat hold together
            WHEN b.is_grams_high THEN c.started_on
            ELSE b.started_on
        END AS from_on,
        IF(is_of_28_days OR b.is_grams_high, c.last_on, b.last_on) AS to_on
    FROM temp.dose_breach AS b
    INNER JOIN derived.course AS c ON b.course_key = c.course_key
    WHERE b.unit = 'g' OR b.is_grams_high
),

day AS (
    SELECT
        f.rule_key,
        f.course_key,
        f.observed,
        f.is_of_a_day,
        s.started_on AS given_on,
        SUM(s.known_dose_g) AS day_g,
        STRING_AGG(s.known_dose_g || ' g', ' + ' ORDER BY s.session_key) AS day_terms
    FROM framed AS f
    INNER JOIN derived.course AS c ON f.patient_key = c.patient_key
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    WHERE
        (
            f.episode_key = c.episode_key
            OR (f.is_of_28_days AND f.indication_code = c.indication_code)
        )
        AND s.started_on BETWEEN f.from_on AND f.to_on
        AND s.known_dose_g IS NOT NULL
    GROUP BY f.rule_key, f.course_key, f.observed, f.is_of_a_day, s.started_on
),

counted AS (
    -- of days alike the first is shown
    SELECT *
    FROM day
    WHERE NOT is_of_a_day OR day_g = observed
    QUALIFY NOT is_of_a_day OR given_on = MIN(given_on) OVER (PARTITION BY rule_key, course_key)
)

SELECT
    rule_key,
    course_key,
    MIN(given_on) AS from_on,
    MAX(given_on) AS to_on,
    STRING_AGG(day_terms, ' + ' ORDER BY given_on) AS terms
FROM counted
GROUP BY rule_key, course_key
