-- One row per kind of place (site, ward, care setting, specialty, prescriber) and place, NULL: not
-- recorded: what was given there. A patient counts in every place, a course where it began.
-- A ward belongs to its site. Prescribers are pseudonyms.
WITH placed AS (
    SELECT
        i.patient_key,
        i.site_id,
        i.ward_id,
        i.care_setting,
        i.specialty,
        p.pseudonym AS prescriber,
        i.n_infusions,
        i.n_courses,
        i.n_without_grams,
        i.grams
    FROM temp.placed_infusion AS i
    LEFT JOIN temp.prescriber AS p
        ON i.prescriber_id = p.prescriber_id AND i.source_id IS NOT DISTINCT FROM p.source_id
),

counted AS (
    SELECT
        GROUPING(ward_id, care_setting, specialty, prescriber) AS left_out,
        site_id,
        ward_id,
        care_setting,
        specialty,
        prescriber,
        COUNT(DISTINCT patient_key) AS n_patients,
        SUM(n_courses) AS n_courses,
        SUM(n_infusions) AS n_infusions,
        SUM(n_without_grams) AS n_without_grams,
        SUM(grams) AS grams
    FROM placed
    GROUP BY
        GROUPING SETS (
            (site_id), (site_id, ward_id), (care_setting), (specialty), (prescriber)
        )
),

named AS (
    SELECT
        CASE left_out
            WHEN 15 THEN 'site'
            WHEN 7 THEN 'ward'
            WHEN 11 THEN 'care_setting'
            WHEN 13 THEN 'specialty'
            WHEN 14 THEN 'prescriber'
        END AS place_kind,
        *
    FROM counted
)

SELECT
    place_kind,
    site_id,
    CASE place_kind
        WHEN 'site' THEN site_id
        WHEN 'ward' THEN ward_id
        WHEN 'care_setting' THEN care_setting
        WHEN 'specialty' THEN specialty
        WHEN 'prescriber' THEN prescriber
    END AS place,
    n_patients,
    n_courses,
    n_infusions,
    n_without_grams,
    grams,
    CAST(grams / NULLIF(SUM(grams) OVER (PARTITION BY place_kind), 0) AS DECIMAL(9, 6))
        AS share_grams
FROM named
