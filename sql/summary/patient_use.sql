-- One row per patient who was given immunoglobulin in the period: the grams, how many infusions
-- they came in and how many of these are without grams, the first day, and the course of that day.
-- A working table: the tables on patients read it.
WITH summed AS (
    SELECT
        patient_key,
        SUM(dose_g) AS grams,
        COUNT(*) AS n_infusions,
        COUNT(*) FILTER (WHERE dose_g IS NULL) AS n_without_grams,
        MIN(started_on) AS first_on,
        -- one number puts days in order, and courses of one day
        MIN((started_on - DATE '0001-01-01') * 4294967296 + course_key) AS first_place
    FROM temp.counted_infusion
    GROUP BY patient_key
)

SELECT
    patient_key,
    grams,
    n_infusions,
    n_without_grams,
    first_on,
    CAST(first_place % 4294967296 AS INTEGER) AS first_course_key
FROM summed
