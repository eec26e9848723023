-- One row per breach that grams decided: the sessions that were added up, with their days.
-- These are the sessions of the part that was judged, of the one day that was, or of the 28 days
-- that end with the course.
WITH framed AS (
    SELECT
        b.rule_key,
        b.course_key,
        b.fault = 'rolling_high' OR (b.is_grams_high AND b.reading <= 0) AS is_of_28_days,
        -- of a day, and of days alike the first: known by its grams
        IF(b.fault IN ('day_high', 'day_low'), b.observed, NULL) AS only_day_g,
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

frame AS (
    -- what several rules ask of a course is added up once
    SELECT
        f.course_key,
        f.is_of_28_days,
        f.only_day_g,
        f.from_on,
        f.to_on,
        c.patient_key,
        c.episode_key,
        c.indication_code
    FROM framed AS f
    INNER JOIN derived.course AS c ON f.course_key = c.course_key
    GROUP BY ALL
),

counted AS (
    SELECT
        f.course_key,
        f.is_of_28_days,
        f.only_day_g,
        f.from_on,
        f.to_on,
        c.course_key AS counted_key
    FROM frame AS f
    INNER JOIN derived.course AS c
        ON
            f.patient_key = c.patient_key
            AND f.to_on >= c.started_on
            AND f.from_on <= c.last_on
    WHERE
        f.episode_key = c.episode_key
        OR (f.is_of_28_days AND f.indication_code = c.indication_code)
),

day AS (
    SELECT
        f.course_key,
        f.is_of_28_days,
        f.only_day_g,
        f.from_on,
        f.to_on,
        s.started_on AS given_on,
        SUM(s.known_dose_g) AS day_g,
        STRING_AGG(s.known_dose_g || ' g', ' + ' ORDER BY s.session_key) AS day_terms
    FROM counted AS f
    INNER JOIN derived.session AS s ON f.counted_key = s.course_key
    WHERE s.started_on BETWEEN f.from_on AND f.to_on AND s.known_dose_g IS NOT NULL
    GROUP BY f.course_key, f.is_of_28_days, f.only_day_g, f.from_on, f.to_on, s.started_on
),

summed AS (
    SELECT
        course_key,
        is_of_28_days,
        only_day_g,
        from_on,
        to_on,
        MIN(given_on) AS first_on,
        IF(only_day_g IS NULL, MAX(given_on), MIN(given_on)) AS newest_on,
        IF(
            only_day_g IS NULL,
            STRING_AGG(day_terms, ' + ' ORDER BY given_on),
            ARG_MIN(day_terms, given_on)
        ) AS terms
    FROM day
    WHERE only_day_g IS NULL OR only_day_g = day_g
    GROUP BY course_key, is_of_28_days, only_day_g, from_on, to_on
)

SELECT
    f.rule_key,
    f.course_key,
    s.first_on AS from_on,
    s.newest_on AS to_on,
    s.terms
FROM framed AS f
INNER JOIN summed AS s
    ON
        f.course_key = s.course_key
        AND f.is_of_28_days = s.is_of_28_days
        AND f.only_day_g IS NOT DISTINCT FROM s.only_day_g
        AND f.from_on = s.from_on
        AND f.to_on = s.to_on
