-- One row per named set and indication (NULL: unknown): closed courses by outcome, with
-- the off-guideline share, its interval over patients, and its bounds.
SELECT
    c.set_key,
    c.indication_code,
    n.name,
    c.n_closed,
    c.n_off,
    c.n_within,
    c.n_judged,
    c.n_unassessed,
    c.n_no_rule,
    CAST(c.n_off / NULLIF(c.n_judged, 0) AS DECIMAL(9, 6)) AS share_off,
    CAST(c.n_off / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)) AS bound_low,
    CAST(
        (c.n_off + c.n_unassessed) / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)
    ) AS bound_high,
    c.n_patients_off,
    c.n_patients_judged,
    CAST(c.n_patients_off / NULLIF(c.n_patients_judged, 0) AS DECIMAL(9, 6)) AS share_patients_off,
    i.low AS patients_low,
    i.high AS patients_high,
    c.grams_off,
    c.grams_judged
FROM report.off_guideline_count AS c
LEFT JOIN guideline.indication AS n ON c.indication_code = n.indication_code
LEFT JOIN report.share_interval AS i
    ON c.n_patients_off = i.n_with AND c.n_patients_judged = i.n_of
WHERE NOT c.is_total AND c.n_closed > 0
