-- One row per bag that shares its session with another, with that session. A bag that is not
-- here is a session of its own, as most are: only these few need a second look.
-- A session's key is the key of its first bag.
-- The pause is measured from the end of whatever ran so far, or from its start where no end is
-- recorded. On a day with a bag whose hour is unknown nothing can be told apart: one session.
WITH counting AS (
    SELECT
        infusion_key,
        patient_key,
        started_at,
        started_on,
        GREATEST(started_at, ended_at) AS ran_until
    FROM temp.bag
    WHERE exclusion IS NULL
),

untimed_day AS (
    SELECT DISTINCT
        patient_key,
        started_on
    FROM counting
    WHERE started_at IS NULL
),

between_others AS (
    SELECT
        c.infusion_key,
        c.patient_key,
        c.started_at,
        c.started_on,
        c.ran_until,
        u.started_on IS NOT NULL AS is_untimed_day,
        LAG(c.started_on) OVER in_time AS earlier_on,
        LEAD(c.started_on) OVER in_time AS later_on,
        LEAD(c.started_at) OVER in_time AS later_at,
        MAX(c.ran_until) OVER (in_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            AS ran_until_before
    FROM counting AS c
    LEFT JOIN untimed_day AS u
        ON c.patient_key = u.patient_key AND c.started_on = u.started_on
    WINDOW in_time AS (
        PARTITION BY c.patient_key
        ORDER BY c.started_on, c.started_at NULLS LAST, c.infusion_key
    )
),

pause AS (
    SELECT TO_MICROSECONDS(CAST(session_gap_hours * 3600000000 AS BIGINT)) AS longest
    FROM guideline.policy
),

linked AS (
    SELECT
        b.infusion_key,
        b.patient_key,
        b.started_at,
        b.started_on,
        (
            (b.is_untimed_day AND b.earlier_on = b.started_on)
            OR b.started_at <= b.ran_until_before + (SELECT p.longest FROM pause AS p)
        ) IS TRUE AS is_continuing,
        (
            (b.is_untimed_day AND b.later_on = b.started_on)
            OR b.later_at
            <= GREATEST(b.ran_until_before, b.ran_until) + (SELECT p.longest FROM pause AS p)
        ) IS TRUE AS is_continued
    FROM between_others AS b
)

SELECT
    infusion_key,
    LAST_VALUE(CASE WHEN NOT is_continuing THEN infusion_key END IGNORE NULLS) OVER (
        PARTITION BY patient_key
        ORDER BY started_on, started_at NULLS LAST, infusion_key
        ROWS UNBOUNDED PRECEDING
    ) AS session_key
FROM linked
WHERE is_continuing OR is_continued
