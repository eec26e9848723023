-- One row per bag that counts as IVIG, with the session it belongs to.
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

followed AS (
    SELECT
        c.infusion_key,
        c.patient_key,
        c.started_at,
        c.started_on,
        u.started_on IS NOT NULL AND LAG(c.started_on) OVER in_time = c.started_on
            AS is_same_untimed_day,
        MAX(c.ran_until) OVER (in_time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
            AS ran_until
    FROM counting AS c
    LEFT JOIN untimed_day AS u
        ON c.patient_key = u.patient_key AND c.started_on = u.started_on
    WINDOW in_time AS (
        PARTITION BY c.patient_key
        ORDER BY c.started_on, c.started_at NULLS LAST, c.infusion_key
    )
),

opened AS (
    SELECT
        f.infusion_key,
        f.patient_key,
        f.started_at,
        f.started_on,
        CASE
            WHEN f.is_same_untimed_day THEN NULL
            WHEN
                f.started_at <= f.ran_until
                + TO_MICROSECONDS(CAST(ours.session_gap_hours * 3600000000 AS BIGINT))
                THEN NULL
            ELSE f.infusion_key
        END AS opening_key
    FROM followed AS f
    CROSS JOIN guideline.policy AS ours
)

SELECT
    infusion_key,
    LAST_VALUE(opening_key IGNORE NULLS) OVER (in_time ROWS UNBOUNDED PRECEDING) AS session_key,
    opening_key IS NOT NULL AND (LEAD(opening_key IS NULL) OVER in_time) IS NOT TRUE AS is_alone
FROM opened
WINDOW in_time AS (
    PARTITION BY patient_key
    ORDER BY started_on, started_at NULLS LAST, infusion_key
)
