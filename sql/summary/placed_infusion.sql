-- One row per patient, place and (of bags that begin a course) age and profile of the course, of
-- the infusions that count in the period: where they were given, on whose prescription and for
-- which specialty, with their number and grams, and the courses begun. Recorded texts, NULL: not
-- recorded. The prescriber is that of the bag, else of its dispensing, else of its request; the
-- specialty is that of the request. A working table: few rows stand for all bags and courses.
WITH issued AS (
    SELECT
        dispensing_key,
        prescriber_id,
        source_id
    FROM staged.dispensing
    WHERE prescriber_id IS NOT NULL
),

asked AS (
    SELECT
        authorisation_key,
        prescriber_id,
        specialty,
        source_id
    FROM staged.authorisation
    WHERE prescriber_id IS NOT NULL OR specialty IS NOT NULL
),

bag AS (
    SELECT
        i.infusion_key,
        i.ward_id,
        i.care_setting,
        COALESCE(i.prescriber_id, d.prescriber_id) AS prescriber_id,
        IF(i.prescriber_id IS NULL, d.source_id, i.source_id) AS source_id
    FROM report.period AS p
    INNER JOIN staged.infusion AS i ON p.basis = 'infused'
    LEFT JOIN issued AS d ON i.dispensing_key = d.dispensing_key
    UNION ALL
    SELECT
        d.dispensing_key AS infusion_key,
        NULL AS ward_id,
        NULL AS care_setting,
        d.prescriber_id,
        d.source_id
    FROM report.period AS p
    INNER JOIN staged.dispensing AS d ON p.basis = 'dispensed'
)

SELECT
    i.patient_key,
    i.site_id,
    b.ward_id,
    b.care_setting,
    a.specialty,
    COALESCE(b.prescriber_id, a.prescriber_id) AS prescriber_id,
    IF(b.prescriber_id IS NULL, a.source_id, b.source_id) AS source_id,
    IF(i.is_course_start, i.profile_key, NULL) AS profile_key,
    IF(i.is_course_start, i.is_open, NULL) AS is_open,
    IF(i.is_course_start, i.age_from_years, NULL) AS age_from_years,
    COUNT(*) AS n_infusions,
    COUNT(*) FILTER (WHERE i.is_course_start) AS n_courses,
    COUNT(*) FILTER (WHERE i.dose_g IS NULL) AS n_without_grams,
    SUM(i.dose_g) AS grams
FROM temp.counted_infusion AS i
INNER JOIN bag AS b ON i.infusion_key = b.infusion_key
LEFT JOIN asked AS a ON i.authorisation_key = a.authorisation_key
GROUP BY ALL
