-- One row per bag that shares its session with another, with that session. A bag that is not
-- here is a session of its own, as most are: only these few need a second look.
-- A session's key is the key of its first bag.
-- The pause is measured from the end of whatever ran so far, or from its start where no end is
-- recorded. On a day with a bag whose hour is unknown nothing can be told apart: one session.
-- Sorted once: empty windows go through the rows as they stand (docs/decisions/0061).
WITH counting AS NOT MATERIALIZED (
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

in_time AS (
    SELECT
        c.infusion_key,
        c.patient_key,
        c.started_at,
        c.started_on,
        c.ran_until,
        u.started_on IS NOT NULL AS is_untimed_day,
        CAST(ours.session_gap_hours * 3600000000 AS BIGINT) AS pause_us
    FROM counting AS c
    CROSS JOIN guideline.policy AS ours
    LEFT JOIN untimed_day AS u
        ON c.patient_key = u.patient_key AND c.started_on = u.started_on
    ORDER BY c.patient_key, c.started_on, c.started_at NULLS LAST, c.infusion_key
),

-- one line of time for all, a patient's after the other's: no microsecond of any year is as large
-- as the step between them, so nobody's bag runs into another patient's
lined_up AS (
    SELECT
        infusion_key,
        ROW_NUMBER() OVER () AS place,
        is_untimed_day
        AND LAG(patient_key) OVER () = patient_key
        AND LAG(started_on) OVER () = started_on AS is_same_untimed_day,
        CAST(patient_key AS HUGEINT) * 1000000000000000000
        + EPOCH_US(started_at)
        - pause_us AS start_us,
        MAX(CAST(patient_key AS HUGEINT) * 1000000000000000000 + EPOCH_US(ran_until)) OVER so_far
            AS ran_until_us
    FROM in_time
    WINDOW so_far AS (ROWS UNBOUNDED PRECEDING) -- as the rows stand -- noqa: PRS,CP02
),

linked AS (
    SELECT
        infusion_key,
        place,
        (is_same_untimed_day OR start_us <= LAG(ran_until_us) OVER ()) IS TRUE AS is_continuing
    FROM lined_up
),

joined AS (
    SELECT
        *,
        LEAD(is_continuing) OVER () IS TRUE AS is_continued
    FROM linked
)

SELECT
    infusion_key,
    ARG_MAX(CASE WHEN NOT is_continuing THEN infusion_key END, place) OVER so_far AS session_key
FROM joined
WHERE is_continuing OR is_continued
WINDOW so_far AS (ROWS UNBOUNDED PRECEDING) -- as the rows stand -- noqa: PRS,CP02
