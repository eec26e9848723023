-- One row per way to group patients (age at the first day of the course, sex), group (NULL: not
-- recorded) and measure (`off judged tests`): its share of courses or tests with the bounds that
-- courses not assessable leave, and the share of patients with its exact interval. Not adjusted.
SELECT
    c.group_kind,
    c.group_code,
    c.measure,
    c.n_patients,
    c.n_with,
    c.n_of,
    c.n_unassessed,
    CAST(c.n_with / NULLIF(c.n_of, 0) AS DECIMAL(9, 6)) AS share_with,
    CAST(c.n_with / NULLIF(c.n_of + c.n_unassessed, 0) AS DECIMAL(9, 6)) AS bound_low,
    CAST(
        (c.n_with + c.n_unassessed) / NULLIF(c.n_of + c.n_unassessed, 0) AS DECIMAL(9, 6)
    ) AS bound_high,
    c.n_patients_with,
    c.n_patients_of,
    CAST(c.n_patients_with / NULLIF(c.n_patients_of, 0) AS DECIMAL(9, 6)) AS share_patients,
    i.low AS patients_low,
    i.high AS patients_high
FROM temp.group_count AS c
LEFT JOIN report.share_interval AS i
    ON c.n_patients_with = i.n_with AND c.n_patients_of = i.n_of
