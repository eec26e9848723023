-- One row per patient who was given immunoglobulin in the period: the grams, how many infusions
-- they came in and how many of these are without grams, and the first day.
-- A working table: the tables on patients read it.
SELECT
    patient_key,
    SUM(dose_g) AS grams,
    COUNT(*) AS n_infusions,
    COUNT(*) FILTER (WHERE dose_g IS NULL) AS n_without_grams,
    MIN(started_on) AS first_on
FROM temp.counted_infusion
GROUP BY patient_key
