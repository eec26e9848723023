-- One row per named set of this run and of the previous one, where its change can be split.
-- late: the rules of that run on its period, with today's records. practice: the same rules on
-- today's period. rules: today's rules, code lists and settings instead.
-- Shares to a hundredth of a per cent, and changes between shares so rounded: they add up as
-- printed. NULL where no course could be judged.
WITH step AS (
    SELECT
        set_id,
        MAX(n_off) FILTER (WHERE reading = 'then') AS then_off,
        MAX(n_judged) FILTER (WHERE reading = 'then') AS then_judged,
        MAX(n_off) FILTER (WHERE reading = 'late') AS late_off,
        MAX(n_judged) FILTER (WHERE reading = 'late') AS late_judged,
        MAX(n_off) FILTER (WHERE reading = 'practice') AS practice_off,
        MAX(n_judged) FILTER (WHERE reading = 'practice') AS practice_judged
    FROM temp.headline_reading
    GROUP BY set_id
),

shared AS (
    SELECT
        h.set_key,
        h.set_id,
        h.title,
        s.then_off,
        s.then_judged,
        s.late_off,
        s.late_judged,
        s.practice_off,
        s.practice_judged,
        h.n_off AS now_off,
        h.n_judged AS now_judged,
        CAST(s.then_off / NULLIF(s.then_judged, 0) AS DECIMAL(9, 4)) AS share_then,
        CAST(s.late_off / NULLIF(s.late_judged, 0) AS DECIMAL(9, 4)) AS share_late,
        CAST(s.practice_off / NULLIF(s.practice_judged, 0) AS DECIMAL(9, 4)) AS share_practice,
        CAST(h.n_off / NULLIF(h.n_judged, 0) AS DECIMAL(9, 4)) AS share_now
    FROM report.headline AS h
    INNER JOIN step AS s ON h.set_id = s.set_id
    WHERE s.then_judged IS NOT NULL
)

SELECT
    *,
    share_late - share_then AS change_late,
    share_practice - share_late AS change_practice,
    share_now - share_practice AS change_rules,
    share_now - share_then AS change_all
FROM shared
