-- One row per distinct adverse event somebody reported: the earliest onset, the gravest grade and
-- seriousness (ICH E2A), the surest imputability that any of its reports gives; what none gives is
-- NULL. Its key is that of its first report.
-- The clock of E2A runs from when it was known to the maker, which is not on record: days are
-- counted from the onset. Serious without a readable criterion has the longer clock.
WITH told AS (
    SELECT
        e.reported_event_key,
        e.counted_as,
        e.is_symptom,
        e.group_key,
        r.*,
        o.onset_at AS group_at,
        MIN(r.onset_on) OVER (PARTITION BY e.reported_event_key) AS first_on,
        p.attribution,
        p.session_key AS laid_session_key,
        p.course_key AS laid_course_key,
        p.is_named_outside,
        LIST_POSITION(
            [
                'named_infusion', 'in_window', 'several_sessions', 'several_courses',
                'time_unknown', 'no_onset', 'no_window', 'outside_every_window'
            ],
            p.attribution
        ) AS attribution_rank
    FROM derived.event_report AS e
    INNER JOIN temp.event_reading AS r ON e.adverse_event_key = r.adverse_event_key
    INNER JOIN temp.event_place AS p ON e.group_key = p.group_key
    INNER JOIN temp.event_onset AS o ON e.group_key = o.group_key
),

gathered AS (
    SELECT
        reported_event_key,
        MIN(patient_key) AS patient_key,
        MIN(counted_as) AS event_code,
        MIN(kind) AS term,
        CAST(COUNT(*) AS INTEGER) AS n_reports,
        LIST(DISTINCT kind ORDER BY kind) FILTER (WHERE is_symptom) AS symptoms,
        LIST(DISTINCT source_id ORDER BY source_id) AS sources,
        MIN(group_at) FILTER (WHERE onset_on = first_on) AS onset_at,
        MIN(first_on) AS onset_on,
        MAX(grade) AS grade,
        CASE
            WHEN BOOL_OR(criterion IS NOT NULL OR is_serious IS TRUE) THEN TRUE
            WHEN BOOL_OR(is_serious IS FALSE) THEN FALSE
        END AS is_serious,
        FIRST(criterion ORDER BY clock_days, criterion) FILTER (WHERE criterion IS NOT NULL)
            AS criterion,
        MIN(clock_days) AS read_clock_days,
        FIRST(
            imputability ORDER BY LIST_POSITION(
                ['definite', 'probable', 'possible', 'doubtful', 'ruled_out', 'not_assessable'],
                imputability
            )
        ) FILTER (WHERE imputability IS NOT NULL) AS imputability,
        MIN(reported_on) AS reported_on,
        STRING_AGG(DISTINCT reported_to, ', ' ORDER BY reported_to) AS reported_to,
        FIRST(attribution ORDER BY attribution_rank) AS attribution,
        MIN(laid_session_key) AS session_key,
        MIN(laid_course_key) AS course_key,
        BOOL_OR(is_named_outside) AS is_named_outside,
        BOOL_OR(named = 'other_patient') IS TRUE AS is_other_patient_named,
        BOOL_OR(named = 'not_ivig') IS TRUE AS is_other_product_named,
        BOOL_OR(named = 'not_given') IS TRUE AS is_not_given_named
    FROM told
    GROUP BY reported_event_key
),

longest AS (
    SELECT MAX(clock_days) AS clock_days
    FROM guideline.seriousness
),

clocked AS (
    SELECT
        g.*,
        CASE
            WHEN g.is_serious THEN COALESCE(g.read_clock_days, l.clock_days)
        END AS clock_days,
        DATE_DIFF('day', g.onset_on, g.reported_on) AS days_to_report
    FROM gathered AS g
    CROSS JOIN longest AS l
)

SELECT
    c.reported_event_key,
    c.patient_key,
    c.event_code,
    CASE WHEN c.event_code = 'other' THEN c.term END AS other_term,
    c.n_reports,
    c.symptoms,
    c.sources,
    c.onset_at,
    c.onset_on,
    COALESCE(s.started_on, c.onset_on, c.reported_on) AS event_on,
    c.grade,
    c.is_serious,
    c.criterion,
    c.imputability,
    c.reported_on,
    c.reported_to,
    c.days_to_report,
    c.clock_days,
    CASE
        WHEN c.is_serious IS NOT TRUE THEN 'no_clock'
        WHEN c.days_to_report IS NULL OR c.days_to_report < 0 THEN 'unknown'
        WHEN c.days_to_report > c.clock_days THEN 'late'
        ELSE 'in_time'
    END AS clock,
    c.attribution,
    c.session_key,
    c.course_key,
    c.is_named_outside,
    c.is_other_patient_named,
    c.is_other_product_named,
    c.is_not_given_named,
    p.deceased_on,
    DATE_DIFF('day', c.onset_on, p.deceased_on) AS days_to_death
FROM clocked AS c
LEFT JOIN derived.session AS s ON c.session_key = s.session_key
LEFT JOIN staged.patient AS p ON c.patient_key = p.patient_key
