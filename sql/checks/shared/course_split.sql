-- One row per way to read a course of several days as a dose and its repeat, and part of it: the
-- first days are the dose (part 1), the rest the repeat (part 2). `reading` is the number of days
-- before the repeat.
WITH counted AS (
    SELECT
        course_key,
        given_on,
        dose_g,
        known_dose_g,
        CAST(ROW_NUMBER() OVER in_order AS INTEGER) AS day_number,
        CAST(COUNT(*) OVER whole AS INTEGER) AS n_days
    FROM audit.course_day
    WINDOW
        whole AS (PARTITION BY course_key),
        in_order AS (PARTITION BY course_key ORDER BY given_on)
),

cut AS (
    -- what lies up to a day, and what lies after it
    SELECT
        course_key,
        given_on,
        day_number,
        n_days,
        MIN(given_on) OVER so_far AS first_on,
        CAST(SUM(dose_g) OVER so_far AS DECIMAL(12, 3)) AS first_dose_g,
        COUNT(dose_g) OVER so_far AS n_first_known,
        CAST(SUM(known_dose_g) OVER so_far AS DECIMAL(12, 3))
            AS first_known_dose_g,
        MAX(dose_g) OVER so_far AS first_max_day_g,
        MIN(dose_g) OVER so_far AS first_min_day_g,
        MIN(given_on) OVER rest AS rest_on,
        MAX(given_on) OVER rest AS rest_last_on,
        CAST(SUM(dose_g) OVER rest AS DECIMAL(12, 3)) AS rest_dose_g,
        COUNT(dose_g) OVER rest AS n_rest_known,
        CAST(SUM(known_dose_g) OVER rest AS DECIMAL(12, 3))
            AS rest_known_dose_g,
        MAX(dose_g) OVER rest AS rest_max_day_g,
        MIN(dose_g) OVER rest AS rest_min_day_g
    FROM counted
    WINDOW
        so_far AS (
            PARTITION BY course_key ORDER BY given_on
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ),
        rest AS (
            PARTITION BY course_key ORDER BY given_on
            ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING
        )
)

SELECT
    course_key,
    day_number AS reading,
    1 AS part,
    first_on AS started_on,
    given_on AS last_on,
    day_number AS n_days,
    CASE WHEN n_first_known = day_number THEN first_dose_g END AS dose_g,
    first_known_dose_g AS known_dose_g,
    CASE WHEN n_first_known = day_number THEN first_max_day_g END AS max_day_g,
    CASE WHEN n_first_known = day_number THEN first_min_day_g END AS min_day_g,
    NULL AS days_between
FROM cut
WHERE day_number < n_days
UNION ALL
SELECT
    course_key,
    day_number AS reading,
    2 AS part,
    rest_on AS started_on,
    rest_last_on AS last_on,
    n_days - day_number AS n_days,
    CASE WHEN n_rest_known = n_days - day_number THEN rest_dose_g END AS dose_g,
    rest_known_dose_g AS known_dose_g,
    CASE WHEN n_rest_known = n_days - day_number THEN rest_max_day_g END AS max_day_g,
    CASE WHEN n_rest_known = n_days - day_number THEN rest_min_day_g END AS min_day_g,
    CAST(rest_on - first_on AS INTEGER) AS days_between
FROM cut
WHERE day_number < n_days
