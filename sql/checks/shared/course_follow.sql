-- One row per course that follows another of its episode, for indications in which some regimen
-- permits a repeat: how many went before it, and the first of them, which is the dose.
WITH repeated AS (
    SELECT DISTINCT i.indication_code
    FROM guideline.regimen AS g
    INNER JOIN guideline.rule_indication AS i ON g.rule_key = i.rule_key
    WHERE COALESCE(g.repeat_min_days, g.repeat_max_days) IS NOT NULL
),

placed AS (
    SELECT
        c.course_key,
        c.started_on,
        CAST(ROW_NUMBER() OVER episode - 1 AS INTEGER) AS n_before,
        FIRST_VALUE(c.started_on) OVER episode AS first_on,
        FIRST_VALUE(c.known_dose_g) OVER episode AS first_dose_g,
        FIRST_VALUE(c.n_days) OVER episode AS first_n_days,
        FIRST_VALUE(c.is_episode_start_seen) OVER episode AS is_start_seen
    FROM derived.course AS c
    SEMI JOIN repeated AS r ON r.indication_code IN (c.indication_code, 'any')
    WINDOW episode AS (PARTITION BY c.episode_key ORDER BY c.started_on, c.course_key)
)

SELECT
    course_key,
    n_before,
    CAST(started_on - first_on AS INTEGER) AS days_after_first,
    first_dose_g,
    first_n_days,
    is_start_seen
FROM placed
WHERE n_before > 0
