-- One row per state a course of the period can be in. `closed` and `open` add up to `all`;
-- the other states overlap with them and with each other.
WITH course AS (
    SELECT
        c.is_open,
        c.is_stopped,
        c.is_start_truncated,
        c.is_history_truncated,
        c.is_dose_uncertain,
        c.has_quarantined_row,
        c.known_dose_g
    FROM derived.course AS c
    CROSS JOIN report.period AS p
    WHERE c.started_on >= p.from_on AND c.started_on <= p.to_on
),

stated AS (
    SELECT
        known_dose_g,
        UNNEST([
            'all', 'closed', 'open', 'start_truncated', 'history_truncated', 'stopped',
            'dose_uncertain', 'quarantined_row'
        ]) AS state,
        UNNEST([
            TRUE, NOT is_open, is_open, is_start_truncated, is_history_truncated, is_stopped,
            is_dose_uncertain, has_quarantined_row
        ]) AS is_in
    FROM course
)

SELECT
    state,
    COUNT(*) FILTER (WHERE is_in) AS n_courses,
    SUM(known_dose_g) FILTER (WHERE is_in) AS grams
FROM stated
GROUP BY state
