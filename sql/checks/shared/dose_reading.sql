-- One row per course, permitted way to dose it could be judged by, reading of the course and part
-- of the reading. Read whole (reading 0), a course is one dose, or the one repeat of the dose that
-- its episode began with. Where a repeat is permitted, it is also read as a dose of its first days
-- and a repeat of the rest, for every number of days; and a way with an interval also takes a
-- second course for the repeat. The reading that says the least against the course counts.
WITH asked AS (
    SELECT
        c.*,
        g.rule_key,
        g.regimen_key,
        g.has_repeat,
        g.has_interval,
        g.repeat_from_days,
        g.repeat_to_days,
        g.treatment_min_months,
        g.treatment_max_months AS step_to_months,
        c.treatment_started_on + TO_MONTHS(g.treatment_min_months) AS step_from_on,
        c.treatment_started_on + TO_MONTHS(g.treatment_max_months) AS step_to_on
    FROM audit.dose_pair AS a
    INNER JOIN derived.course AS c ON a.course_key = c.course_key
    INNER JOIN audit.dose_way AS g ON a.rule_key = g.rule_key
),

due AS (
    -- a treatment whose first day seen was perhaps not its first is perhaps a step further on
    SELECT
        *,
        is_treatment_start_known IS NOT TRUE
        AND (step_to_on IS NOT NULL OR started_on < step_from_on) IS TRUE AS is_step_unsure,
        IF(started_on < step_from_on, treatment_min_months, 0) AS step_from_months
    FROM asked
    WHERE
        (started_on >= step_to_on) IS NOT TRUE
        AND ((started_on < step_from_on) IS NOT TRUE OR is_treatment_start_known IS NOT TRUE)
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    d.* REPLACE ( -- noqa: AM04
        IF(s.course_key IS NULL, d.started_on, s.started_on) AS started_on,
        IF(s.course_key IS NULL, d.n_days, s.n_days) AS n_days,
        IF(s.course_key IS NULL, d.dose_g, s.dose_g) AS dose_g,
        IF(s.course_key IS NULL, d.known_dose_g, s.known_dose_g) AS known_dose_g,
        IF(s.course_key IS NULL, d.max_day_g, s.max_day_g) AS max_day_g,
        IF(s.course_key IS NULL, d.min_day_g, s.min_day_g) AS min_day_g,
        d.is_open OR s.is_open IS TRUE AS is_open
    ),
    0 AS reading,
    1 AS part,
    f.course_key IS NOT NULL AND NOT d.has_interval AS is_repeat,
    f.n_before,
    f.first_dose_g,
    f.first_n_days,
    f.is_start_seen,
    -- a way with an interval takes a second course as the next one here: reading -1 as the repeat
    IF(f.n_before = 1 AND NOT d.has_interval, f.days_after_first, NULL) AS days_between,
    s.min_gap_days,
    s.max_gap_days,
    s.span_days AS stretch_days,
    s.is_continued,
    IF(s.course_key IS NULL, d.n_days, s.n_days) AS n_event_days,
    s.n_days_linked AS n_stretch_linked
FROM due AS d
LEFT JOIN audit.course_follow AS f ON d.has_repeat AND d.course_key = f.course_key
LEFT JOIN audit.course_stretch AS s
    ON d.course_key = s.course_key AND d.regimen_key = s.regimen_key
UNION ALL BY NAME
SELECT
    d.* REPLACE (
        s.started_on AS started_on,
        s.last_on AS last_on,
        s.n_days AS n_days,
        s.dose_g AS dose_g,
        s.known_dose_g AS known_dose_g,
        s.max_day_g AS max_day_g,
        s.min_day_g AS min_day_g
    ),
    s.reading,
    s.part,
    s.part = 2 AS is_repeat,
    s.days_between,
    d.known_dose_g AS accrued_g,
    -- every day of the course follows its event, whichever part it is in
    d.n_days AS n_event_days
FROM due AS d
INNER JOIN audit.course_split AS s ON d.has_repeat AND d.course_key = s.course_key
ANTI JOIN audit.course_follow AS f ON d.course_key = f.course_key
UNION ALL BY NAME
SELECT
    d.*,
    -1 AS reading,
    1 AS part,
    TRUE AS is_repeat,
    f.n_before,
    f.first_dose_g,
    f.first_n_days,
    f.is_start_seen,
    f.days_after_first AS days_between,
    d.n_days AS n_event_days
FROM due AS d
INNER JOIN audit.course_follow AS f
    ON d.has_repeat AND d.has_interval AND d.course_key = f.course_key AND f.n_before = 1
WHERE
    (f.days_after_first < d.repeat_from_days) IS NOT TRUE
    AND (f.days_after_first > d.repeat_to_days) IS NOT TRUE
