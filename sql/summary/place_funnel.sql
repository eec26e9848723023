-- One row per site and per prescriber (NULL: not recorded) with a closed course: courses off
-- guideline by the first named set, of those judged, with bounds; and between which shares a place
-- of as many judged courses would lie by chance were it like all (`target`), also where places
-- differ more than by chance (`wide_*`). `lies`: `within above below` the last ones, or why there
-- are none: `too_few` judged courses†, `not_recorded`, `no_limits` (all are alike),
-- `alone` (no other place has a judged course).
SELECT
    c.place_kind,
    c.place,
    c.n_closed,
    c.n_off,
    c.n_judged,
    c.n_unassessed,
    c.n_no_rule,
    CAST(c.n_off / NULLIF(c.n_judged, 0) AS DECIMAL(9, 6)) AS share_off,
    CAST(c.n_off / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)) AS bound_low,
    CAST(
        (c.n_off + c.n_unassessed) / NULLIF(c.n_judged + c.n_unassessed, 0) AS DECIMAL(9, 6)
    ) AS bound_high,
    l.n_places,
    l.dispersion_ratio,
    l.target,
    l.low95,
    l.high95,
    l.low998,
    l.high998,
    l.wide_low,
    l.wide_high,
    CASE
        WHEN c.place IS NULL THEN 'not_recorded'
        WHEN l.place IS NULL THEN 'too_few'
        ELSE l.lies
    END AS lies
FROM temp.place_count AS c
LEFT JOIN report.place_limit AS l ON c.place_kind = l.place_kind AND c.place = l.place
WHERE c.n_closed > 0
