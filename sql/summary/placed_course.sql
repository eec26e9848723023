-- One row per patient, place, age and outcome of the courses begun in the period: where and on
-- whose prescription their first bag was given, to whom, and what the first named set says of them
-- (NULL: no set is named). A working table.
SELECT
    i.patient_key,
    i.site_id,
    p.pseudonym AS prescriber,
    i.age_from_years,
    NULLIF(s.sex, 'U') AS sex,
    CASE WHEN i.is_open THEN 'open' ELSE o.outcome END AS outcome,
    SUM(i.n_courses) AS n_courses
FROM temp.placed_infusion AS i
LEFT JOIN temp.prescriber AS p
    ON i.prescriber_id = p.prescriber_id AND i.source_id IS NOT DISTINCT FROM p.source_id
LEFT JOIN staged.patient AS s ON i.patient_key = s.patient_key
LEFT JOIN temp.first_set AS f ON TRUE
LEFT JOIN report.profile_outcome AS o ON i.profile_key = o.profile_key AND f.set_key = o.set_key
WHERE i.profile_key IS NOT NULL
GROUP BY ALL
