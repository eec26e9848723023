-- One row per day with an infusion of the courses that some regimen looks at day by day: it permits
-- a repeat, states a gap or a span, or ties each day to an event.
-- Grams of a day are NULL when any of them are unknown or uncertain.
WITH looked_at AS (
    SELECT DISTINCT i.indication_code
    FROM guideline.regimen AS g
    INNER JOIN guideline.rule_indication AS i ON g.rule_key = i.rule_key
    WHERE
        COALESCE(
            g.repeat_min_days, g.repeat_max_days, g.gap_min_days, g.gap_max_days, g.span_days
        ) IS NOT NULL
        OR g.after_event IS NOT NULL
),

session AS (
    SELECT
        c.course_key,
        c.episode_key,
        c.patient_key,
        c.indication_code,
        s.started_on AS given_on,
        s.dose_g,
        s.known_dose_g
    FROM derived.course AS c
    SEMI JOIN looked_at AS l ON l.indication_code IN (c.indication_code, 'any')
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
)

SELECT
    course_key,
    episode_key,
    patient_key,
    indication_code,
    given_on,
    CAST(CASE WHEN COUNT(dose_g) = COUNT(*) THEN SUM(dose_g) END AS DECIMAL(12, 3)) AS dose_g,
    CAST(SUM(known_dose_g) AS DECIMAL(12, 3)) AS known_dose_g
FROM session
GROUP BY course_key, episode_key, patient_key, indication_code, given_on
