-- One row per breached count of a regimen: days of infusion, between them, since an event or with
-- one, and doses of an episode.
WITH breach AS (
    SELECT
        *,
        CAST(observed AS INTEGER) AS counted,
        (observed > limit_high) IS TRUE AS is_high,
        IF(fault = 'repeat_again', '', ' d') AS unit_text
    FROM temp.dose_breach
    WHERE fault IN (
        'days_high', 'days_low', 'days_broken', 'gap_short', 'gap_long', 'stretch_long',
        'event_missing', 'window_early', 'window_late', 'repeat_again'
    )
),

apart AS (
    -- the first two days that lie as far apart as was judged
    SELECT
        b.rule_key,
        b.course_key,
        MIN(d.given_on) AS later_on
    FROM breach AS b
    INNER JOIN audit.course_day AS d ON b.episode_key = d.episode_key
    INNER JOIN audit.course_day AS e ON b.episode_key = e.episode_key
    WHERE
        b.fault IN ('gap_short', 'gap_long')
        AND d.given_on BETWEEN b.started_on AND b.last_on
        AND e.given_on = d.given_on - b.counted
        AND e.given_on >= b.started_on
    GROUP BY b.rule_key, b.course_key
),

limited AS (
    SELECT
        b.*,
        a.later_on,
        IF(b.is_high, b.limit_high, b.limit_low) AS limit_passed
    FROM breach AS b
    LEFT JOIN apart AS a ON b.rule_key = a.rule_key AND b.course_key = a.course_key
),

written AS (
    SELECT
        *,
        counted || unit_text AS counted_text,
        REGEXP_REPLACE(limit_passed || '', '\.?0+$', '') || unit_text AS limit_text,
        REGEXP_REPLACE(ABS(observed - limit_passed) || '', '\.?0+$', '') || unit_text AS miss_text
    FROM limited
)

SELECT
    rule_key,
    'course' AS subject_kind,
    course_key AS subject_key,
    CONCAT_WS(
        CHR(10),
        IF(reading > 0 AND is_repeat, 'read as the repeat: ', 'read as the dose before a repeat: ')
        || IF(reading > 0, started_on || ' to ' || last_on, NULL),
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
                    'looked for ' || REPLACE(after_event, '_', ' ')
                    || ' on each day of infusion or up to ' || event_link_days || ' d before'
            WHEN fault IN ('window_early', 'window_late')
                THEN
                    'since ' || REPLACE(from_event, '_', ' ') || ': ' || started_on || ' - '
                    || event_on || ' = ' || counted_text
        END,
        IF(is_high, 'above the limit: ', 'below the limit: ') || counted_text
        || IF(is_high, ' > ', ' < ') || limit_text,
        'miss: ' || IF(is_high, counted_text, limit_text) || ' - '
        || IF(is_high, limit_text, counted_text) || ' = ' || miss_text
    ) AS arithmetic
FROM written
