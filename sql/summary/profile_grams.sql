-- One row per profile of courses (NULL: begun before the period) and site: the grams of the period.
-- Grams count on their own day: a course begun before the period gives some to it.
-- A working table.
SELECT
    profile_key,
    site_id,
    SUM(dose_g) AS grams
FROM temp.counted_infusion
GROUP BY profile_key, site_id
