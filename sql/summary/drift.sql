-- One row per slow quantity: how its middle value moved from the first quarter of the year before
-- the as-of date to the last, over the patients with enough results. No threshold, no signal.
SELECT
    d.analyte,
    y.name,
    MIN(d.unit) AS unit,
    COUNT(*) AS n_patients,
    COUNT(d.moved_by) AS n_evaluable,
    QUANTILE_DISC(d.moved_by, 0.1) AS low_change,
    QUANTILE_DISC(d.moved_by, 0.5) AS middle_change,
    QUANTILE_DISC(d.moved_by, 0.9) AS high_change,
    COUNT(*) FILTER (WHERE d.moved_by < 0) AS n_fallen
FROM audit.drift AS d
INNER JOIN guideline.lab_analyte AS y ON d.analyte = y.analyte
GROUP BY d.analyte, y.name
