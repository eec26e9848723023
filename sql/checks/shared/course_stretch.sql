-- One row per course and regimen that states the gap between its days or the span they lie in: the
-- days it is judged over. Where the gap or span is wider than what makes a course†, these are all
-- days of the episode so far; a course that begins after the span stands alone.
WITH stated AS (
    SELECT
        c.course_key,
        c.patient_key,
        c.episode_key,
        c.started_on,
        c.last_on,
        c.is_episode_end_seen,
        g.regimen_key,
        g.after_event,
        g.span_days,
        GREATEST(g.gap_max_days, g.span_days)
        > COALESCE(n.course_gap_days, p.course_gap_days) AS is_wide
    FROM guideline.regimen AS g
    INNER JOIN guideline.rule_indication AS i ON g.rule_key = i.rule_key
    INNER JOIN derived.course AS c ON i.indication_code IN (c.indication_code, 'any')
    LEFT JOIN guideline.indication AS n ON c.indication_code = n.indication_code
    CROSS JOIN guideline.policy AS p
    WHERE COALESCE(g.gap_min_days, g.gap_max_days, g.span_days) IS NOT NULL
    GROUP BY ALL
),

begun AS (
    SELECT
        c.episode_key,
        MIN(c.started_on) AS first_on
    FROM derived.course AS c
    SEMI JOIN stated AS s ON c.episode_key = s.episode_key
    GROUP BY c.episode_key
),

episode AS (
    SELECT
        s.course_key,
        s.regimen_key,
        b.first_on,
        MAX(c.started_on) AS newest_on,
        -- the newest that is judged together with the first
        MAX(c.started_on) FILTER (
            WHERE (c.started_on - b.first_on + 1 > s.span_days) IS NOT TRUE
        ) AS newest_within_on
    FROM stated AS s
    INNER JOIN begun AS b ON s.episode_key = b.episode_key
    INNER JOIN derived.course AS c ON s.episode_key = c.episode_key
    GROUP BY s.course_key, s.regimen_key, b.first_on
),

framed AS (
    SELECT
        s.*,
        s.is_wide AND s.started_on > e.newest_within_on AS is_beyond,
        s.is_wide AND s.started_on < e.newest_within_on AS is_continued,
        s.is_wide AND s.started_on = e.newest_on AS is_newest
    FROM stated AS s
    INNER JOIN episode AS e ON s.course_key = e.course_key AND s.regimen_key = e.regimen_key
),

day AS (
    SELECT
        f.course_key,
        f.regimen_key,
        f.patient_key,
        f.after_event,
        d.given_on,
        d.dose_g,
        d.known_dose_g,
        d.given_on - LAG(d.given_on) OVER (
            PARTITION BY f.course_key, f.regimen_key ORDER BY d.given_on
        ) AS gap_days
    FROM framed AS f
    INNER JOIN audit.course_day AS d
        ON
            f.episode_key = d.episode_key
            AND f.last_on >= d.given_on
            AND (f.course_key = d.course_key OR (f.is_wide AND NOT f.is_beyond))
),

linked AS (
    SELECT
        d.course_key,
        d.regimen_key,
        CAST(COUNT(DISTINCT d.given_on) AS INTEGER) AS n_days_linked
    FROM day AS d
    CROSS JOIN guideline.policy AS p
    INNER JOIN staged.clinical_event AS e
        ON
            d.patient_key = e.patient_key
            AND d.after_event = e.event_code
            AND d.given_on BETWEEN e.occurred_on AND e.occurred_on + p.event_link_days
    GROUP BY d.course_key, d.regimen_key
),

summed AS (
    SELECT
        course_key,
        regimen_key,
        MIN(given_on) AS started_on,
        CAST(COUNT(*) AS INTEGER) AS n_days,
        CAST(CASE WHEN COUNT(dose_g) = COUNT(*) THEN SUM(dose_g) END AS DECIMAL(12, 3)) AS dose_g,
        CAST(SUM(known_dose_g) AS DECIMAL(12, 3)) AS known_dose_g,
        CASE WHEN COUNT(dose_g) = COUNT(*) THEN MAX(dose_g) END AS max_day_g,
        CASE WHEN COUNT(dose_g) = COUNT(*) THEN MIN(dose_g) END AS min_day_g,
        CAST(MIN(gap_days) AS INTEGER) AS min_gap_days,
        CAST(MAX(gap_days) AS INTEGER) AS max_gap_days
    FROM day
    GROUP BY course_key, regimen_key
)

SELECT
    s.course_key,
    s.regimen_key,
    s.started_on,
    s.n_days,
    s.dose_g,
    s.known_dose_g,
    s.max_day_g,
    s.min_day_g,
    s.min_gap_days,
    s.max_gap_days,
    CAST(f.last_on - s.started_on + 1 AS INTEGER) AS span_days,
    -- none found is known to be none: a true zero
    IF(l.n_days_linked IS NULL, 0, l.n_days_linked) AS n_days_linked,
    f.is_wide,
    -- what may still come cannot be missed yet
    f.is_continued,
    f.is_newest AND NOT f.is_beyond AND NOT f.is_episode_end_seen AS is_open
FROM summed AS s
INNER JOIN framed AS f ON s.course_key = f.course_key AND s.regimen_key = f.regimen_key
LEFT JOIN linked AS l ON s.course_key = l.course_key AND s.regimen_key = l.regimen_key
