-- One row per ascertainment of reports and month of the period: sessions and events laid to them.
-- A month that is not over, or that the period holds only a part of, is no whole one.
WITH session AS (
    SELECT
        s.month_on,
        COUNT(*) AS n_sessions,
        BOOL_AND(
            LAST_DAY(s.month_on) <= COALESCE(LEAST(p.to_on, p.as_of), p.as_of)
            AND (s.month_on < p.from_on) IS NOT TRUE
        ) AS is_whole
    FROM temp.compared_session AS s
    CROSS JOIN guideline.policy AS p
    GROUP BY s.month_on
),

happened AS (
    SELECT
        ascertainment,
        month_on,
        COUNT(*) AS n_events
    FROM temp.compared_case
    WHERE ascertainment != 'detected'
    GROUP BY ascertainment, month_on
),

asked AS (
    SELECT DISTINCT ascertainment
    FROM happened
)

SELECT
    a.ascertainment,
    m.month_on,
    m.is_whole,
    IF(h.n_events IS NULL, 0, h.n_events) AS n_events,
    m.n_sessions
FROM asked AS a
CROSS JOIN session AS m
LEFT JOIN happened AS h ON a.ascertainment = h.ascertainment AND m.month_on = h.month_on
ORDER BY a.ascertainment, m.month_on
