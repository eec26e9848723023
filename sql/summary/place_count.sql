-- One row per site and per prescriber (NULL: not recorded) of the courses begun in the period, by
-- where their first bag was given: the closed ones by what the first named set says of them.
-- A working table: limits of a funnel are worked out from it.
SELECT
    IF(GROUPING(site_id) = 0, 'site', 'prescriber') AS place_kind,
    IF(GROUPING(site_id) = 0, site_id, prescriber) AS place,
    -- no course of an outcome is known to be none: a true zero
    SUM(IF(outcome != 'open', n_courses, 0)) AS n_closed,
    SUM(IF(outcome = 'off', n_courses, 0)) AS n_off,
    SUM(IF(outcome IN ('off', 'within'), n_courses, 0)) AS n_judged,
    SUM(IF(outcome = 'unassessed', n_courses, 0)) AS n_unassessed,
    SUM(IF(outcome = 'no_rule', n_courses, 0)) AS n_no_rule
FROM temp.placed_course
GROUP BY GROUPING SETS ((site_id), (prescriber))
