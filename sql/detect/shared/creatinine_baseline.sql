-- One row per creatinine of known time and span of hours a criterion looks back over: the lowest
-- value of the patient in that span before it, at least and at most. The span is half-open: it
-- holds its first instant and not the result's own. A result of which only the day is known, or
-- that is in quarantine, may lie in any span that touches its day.
WITH span AS (
    SELECT DISTINCT within_hours
    FROM guideline.event_criterion
    WHERE analyte = 'creatinine' AND within_hours IS NOT NULL
),

furthest AS (
    SELECT TO_HOURS(MAX(within_hours)) AS look_back FROM span
),

-- most have no other so near, and nothing is to be looked up for them
spaced AS (
    SELECT
        c.patient_key,
        c.lab_result_key,
        c.collected_at,
        c.collected_on,
        c.is_read,
        c.at_least,
        c.at_most,
        (
            LAG(c.collected_at) OVER in_time >= c.collected_at - f.look_back
            OR LEAD(c.collected_at) OVER in_time <= c.collected_at + f.look_back
        ) IS TRUE AS is_near_another
    FROM temp.creatinine AS c
    CROSS JOIN furthest AS f
    WHERE c.collected_at IS NOT NULL
    WINDOW in_time AS (PARTITION BY c.patient_key ORDER BY c.collected_at)
),

asked AS (
    SELECT
        c.*,
        s.within_hours,
        TO_HOURS(s.within_hours) AS look_back
    FROM spaced AS c
    CROSS JOIN span AS s
),

placed AS (
    SELECT
        patient_key,
        lab_result_key,
        collected_at,
        collected_on,
        is_read,
        at_least,
        at_most,
        within_hours,
        MIN(at_least) OVER earlier AS low_least,
        MIN(at_most) OVER earlier AS low_most
    FROM asked
    WHERE is_near_another
    WINDOW
        earlier AS (
            PARTITION BY patient_key, within_hours
            ORDER BY collected_at
            RANGE BETWEEN look_back PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING
        )
    UNION ALL
    SELECT
        patient_key,
        lab_result_key,
        collected_at,
        collected_on,
        is_read,
        at_least,
        at_most,
        within_hours,
        NULL AS low_least,
        NULL AS low_most
    FROM asked
    WHERE NOT is_near_another
),

unplaced AS (
    SELECT
        p.lab_result_key,
        p.within_hours,
        MIN(u.at_least) AS at_least
    FROM placed AS p
    INNER JOIN temp.creatinine AS u
        ON
            p.patient_key = u.patient_key
            AND p.collected_on >= u.collected_on
            AND CAST(p.collected_on - TO_HOURS(p.within_hours) AS DATE) <= u.collected_on
    WHERE u.collected_at IS NULL
    GROUP BY p.lab_result_key, p.within_hours
)

SELECT
    p.patient_key,
    p.lab_result_key,
    p.collected_at,
    p.collected_on,
    p.is_read,
    p.at_least,
    p.at_most,
    p.within_hours,
    LEAST(p.low_least, u.at_least) AS low_least,
    p.low_most,
    u.at_least IS NOT NULL AS has_unplaced
FROM placed AS p
LEFT JOIN unplaced AS u
    ON p.lab_result_key = u.lab_result_key AND p.within_hours = u.within_hours
