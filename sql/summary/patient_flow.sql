-- One row per step of time (month, quarter, year or decade of the period) that begins by the as-of
-- date, and one for all of it (`step` `all`): patients under treatment at its beginning, who came
-- and who left in it, and who were there at its end.
-- n_start + n_new + n_returned + n_entry_unknown - n_stopped - n_died = n_end. Under treatment is a
-- patient from the first course until the last day before a break longer than the history† that
-- makes a course a loading one; `n_open` of n_end had nothing more, and the records end too early
-- to say whether they stopped. A patient may come and leave more than once.
SELECT
    t.step,
    t.begins_on,
    t.is_partial,
    COUNT(*) FILTER (WHERE s.started_on < t.from_on) AS n_start,
    COUNT(*) FILTER (
        WHERE s.started_on < t.from_on AND (s.left_on <= t.to_on) IS NOT TRUE
    ) AS n_throughout,
    COUNT(*) FILTER (WHERE s.started_on >= t.from_on AND s.entry = 'new') AS n_new,
    COUNT(*) FILTER (WHERE s.started_on >= t.from_on AND s.entry = 'returned') AS n_returned,
    COUNT(*) FILTER (WHERE s.started_on >= t.from_on AND s.entry = 'unknown')
        AS n_entry_unknown,
    COUNT(*) FILTER (WHERE s.left_on <= t.to_on AND NOT s.has_died) AS n_stopped,
    COUNT(*) FILTER (WHERE s.left_on <= t.to_on AND s.has_died) AS n_died,
    COUNT(s.patient_key) FILTER (WHERE (s.left_on <= t.to_on) IS NOT TRUE) AS n_end,
    COUNT(s.patient_key) FILTER (WHERE s.left_on IS NULL AND s.last_on <= t.to_on) AS n_open
FROM temp.time_step AS t
-- beyond the records nobody knows who is treated
INNER JOIN report.period AS p ON t.from_on <= p.as_of
LEFT JOIN temp.treatment_spell AS s
    ON t.to_on >= s.started_on AND (t.from_on <= s.left_on OR s.left_on IS NULL)
GROUP BY t.step, t.begins_on, t.is_partial
