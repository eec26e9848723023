-- One row per breached count of a regimen: days of infusion, between them, since an event or with
-- one, and doses of an episode.
WITH breach AS (
    SELECT
        *,
        CAST(observed AS INTEGER) AS counted,
        (observed > limit_high) IS TRUE AS is_high,
        IF(fault = 'repeat_again', '', ' d') AS unit_text,
        fault = 'repeat_again' AND n_before = 1 AS is_counted_twice
    FROM temp.dose_breach
    WHERE fault IN (
        'days_high', 'days_low', 'days_broken', 'gap_short', 'gap_long', 'stretch_long',
        'event_missing', 'window_early', 'window_late', 'repeat_again'
    )
),

given AS (
    -- the days that were judged, with the day of infusion before each
    SELECT DISTINCT
        b.rule_key,
        b.course_key,
        b.counted,
        s.started_on AS given_on,
        LAG(s.started_on) OVER (
            PARTITION BY b.rule_key, b.course_key ORDER BY s.started_on
        ) AS earlier_on
    FROM breach AS b
    INNER JOIN derived.course AS c ON b.episode_key = c.episode_key
    INNER JOIN derived.session AS s ON c.course_key = s.course_key
    WHERE s.started_on BETWEEN b.started_on AND b.last_on
),

listed AS (
    SELECT
        rule_key,
        course_key,
        STRING_AGG(DISTINCT given_on || '', ', ' ORDER BY given_on || '') AS days_text,
        -- the first two days that lie as far apart as was judged
        MIN(given_on) FILTER (WHERE given_on - earlier_on = counted) AS later_on
    FROM given
    GROUP BY rule_key, course_key
),

before AS (
    -- the starts of the courses of the episode that went before
    SELECT
        b.rule_key,
        b.course_key,
        STRING_AGG(c.started_on || '', ', ' ORDER BY c.started_on) AS before_text
    FROM breach AS b
    INNER JOIN derived.course AS c ON b.episode_key = c.episode_key
    WHERE b.fault = 'repeat_again' AND c.started_on < b.begun_on
    GROUP BY b.rule_key, b.course_key
),

occurred AS (
    -- the events that a day of infusion could follow
    SELECT
        b.rule_key,
        b.course_key,
        STRING_AGG(DISTINCT e.occurred_on || '', ', ' ORDER BY e.occurred_on || '') AS events_text
    FROM breach AS b
    INNER JOIN staged.clinical_event AS e
        ON b.patient_key = e.patient_key AND b.after_event = e.event_code
    WHERE
        b.fault = 'event_missing'
        AND e.occurred_on BETWEEN b.started_on - b.event_link_days AND b.last_on
    GROUP BY b.rule_key, b.course_key
),

limited AS (
    SELECT
        b.*,
        l.days_text,
        l.later_on,
        f.before_text,
        COALESCE(o.events_text, 'none') AS events_text,
        IF(b.is_high, b.limit_high, b.limit_low) AS limit_passed
    FROM breach AS b
    LEFT JOIN listed AS l ON b.rule_key = l.rule_key AND b.course_key = l.course_key
    LEFT JOIN before AS f ON b.rule_key = f.rule_key AND b.course_key = f.course_key
    LEFT JOIN occurred AS o ON b.rule_key = o.rule_key AND b.course_key = o.course_key
),

written AS (
    SELECT
        *,
        counted || unit_text AS counted_text,
        REGEXP_REPLACE(limit_passed || '', '\.?0+$', '') || unit_text AS limit_text,
        REGEXP_REPLACE(ABS(observed - limit_passed) || '', '\.?0+$', '') || unit_text AS miss_text,
        REGEXP_REPLACE(dose_max_g || '', '0{1,3}$', '') || ' g' AS dose_max_text,
        REGEXP_REPLACE(dose_max_g * (1 + dose_tolerance) || '', '0{1,6}$', '') || ' g'
            AS tolerated_text
    FROM limited
)

SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    CONCAT_WS(
        CHR(10),
        IF(fault = 'repeat_again', NULL, read_as),
        CASE
            WHEN fault IN ('window_early', 'window_late', 'repeat_again') THEN NULL
            ELSE 'days with an infusion: ' || days_text
        END,
        CASE
            WHEN fault IN ('days_broken', 'stretch_long')
                THEN
                    'first to last day: ' || last_on || ' - ' || last_on - counted + 1
                    || ' + 1 d = ' || counted_text
            WHEN fault IN ('gap_short', 'gap_long')
                THEN
                    'from one day to the next: ' || later_on || ' - ' || later_on - counted || ' = '
                    || counted_text
            WHEN fault = 'event_missing'
                THEN
                    'looked for ' || REPLACE(after_event, '_', ' ') || ' on each day of infusion '
                    || 'or up to ' || event_link_days || ' d before, found ' || events_text
            WHEN fault IN ('window_early', 'window_late')
                THEN
                    'since ' || REPLACE(from_event, '_', ' ') || ': ' || begun_on || ' - '
                    || event_on || ' = ' || counted_text
            WHEN fault = 'repeat_again'
                THEN CONCAT_WS(
                    CHR(10),
                    'doses of the episode before this one: ' || before_text,
                    CASE
                        WHEN is_counted_twice
                            THEN CONCAT_WS(
                                CHR(10),
                                'one dose: ' || total_max_g_per_kg || ' g/kg × ' || weight_kg
                                || ' kg = ' || dose_max_text,
                                'with tolerance: ' || dose_max_text || ' × (1 + ' || dose_tolerance
                                || ') = ' || tolerated_text,
                                'the dose before was more than one: ' || first_dose_g || ' g > '
                                || tolerated_text,
                                'at least one vial: ' || first_dose_g || ' g - ' || dose_max_text
                                || ' ≥ ' || step_g || ' g',
                                'so it counts as a dose and its repeat'
                            )
                    END,
                    'with this one: ' || counted - 1 || ' + 1 = ' || counted,
                    'a dose and one repeat are permitted'
                )
        END,
        IF(is_high, 'above the limit: ', 'below the limit: ') || counted_text
        || IF(is_high, ' > ', ' < ') || limit_text,
        'miss: ' || IF(is_high, counted_text, limit_text) || ' - '
        || IF(is_high, limit_text, counted_text) || ' = ' || miss_text
    ) AS arithmetic
FROM written
