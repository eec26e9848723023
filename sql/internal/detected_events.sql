-- One row per event that a case definition can show and number of it, and per number of all: what
-- was detected in exposures of closed months, as it is. Where no definition of an event could be
-- evaluated, 0 is not none: `unseen`. Without reports nobody knows which were reported.
WITH seen AS (
    SELECT DISTINCT s.definition_id
    FROM audit.signal AS s
    SEMI JOIN temp.closed_exposure AS c
        ON s.subject_kind = c.subject_kind AND s.subject_key = c.subject_key
    WHERE s.status <> 'not_evaluable'
),

supplied AS (
    SELECT COUNT(*) > 0 AS is_supplied
    FROM audit.record_supplied
    WHERE record = 'adverse_event'
),

looked_for AS (
    SELECT
        d.event,
        MIN(d.event_name) AS event_name,
        COUNT(s.definition_id) > 0 AS is_seen
    FROM guideline.definition AS d
    LEFT JOIN seen AS s ON d.definition_id = s.definition_id
    -- an observation is no adverse event by itself
    WHERE d.event = d.window_of AND EXISTS (SELECT 1 FROM temp.closed_exposure)
    GROUP BY d.event
),

line AS (
    SELECT
        l.event,
        MIN(l.event_name) AS event_name,
        GROUPING(l.event) = 1 AS is_total,
        BOOL_OR(l.is_seen) AS is_seen,
        COUNT(*) FILTER (WHERE e.is_counted) AS n_counted,
        COUNT(*) FILTER (WHERE e.is_counted AND e.is_serious) AS n_serious,
        COUNT(*) FILTER (WHERE e.is_counted AND NOT e.is_reported) AS n_never_reported,
        COUNT(*) FILTER (
            WHERE e.is_counted AND NOT e.is_reported AND e.is_serious
        ) AS n_serious_never_reported,
        COUNT(*) FILTER (WHERE e.is_counted AND e.is_reported) AS n_also_reported,
        COUNT(*) FILTER (WHERE e.is_counted AND e.is_reported IS NULL) AS n_report_unknown,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE e.is_counted) AS n_patients,
        COUNT(*) FILTER (WHERE NOT e.is_counted) AS n_flagged
    FROM looked_for AS l
    LEFT JOIN temp.closed_event AS e ON l.event = e.event
    GROUP BY GROUPING SETS ((l.event), ())
    HAVING COUNT(*) > 0
),

number AS (
    SELECT
        l.event,
        l.event_name,
        l.is_total,
        l.is_seen,
        l.n_counted,
        s.is_supplied,
        UNNEST([ -- the fields are the columns -- noqa: AL03
            {
                'measure': 'detected', 'printed': l.n_counted, 'asks_report': FALSE
            },
            {
                'measure': 'detected_serious', 'printed': l.n_serious, 'asks_report': FALSE
            },
            {
                'measure': 'never_reported', 'printed': l.n_never_reported, 'asks_report': TRUE
            },
            {
                'measure': 'serious_never_reported', 'printed': l.n_serious_never_reported,
                'asks_report': TRUE
            },
            {
                'measure': 'also_reported', 'printed': l.n_also_reported, 'asks_report': TRUE
            },
            {
                'measure': 'report_unknown', 'printed': l.n_report_unknown, 'asks_report': FALSE
            },
            {
                'measure': 'detected_patients', 'printed': l.n_patients, 'asks_report': FALSE
            },
            {
                'measure': 'flagged', 'printed': l.n_flagged, 'asks_report': FALSE
            }
        ], recursive := TRUE)
    FROM line AS l
    CROSS JOIN supplied AS s
),

told AS (
    SELECT
        *,
        CASE
            WHEN asks_report AND NOT is_supplied AND n_counted > 0 THEN 'no_reports'
            WHEN NOT is_seen AND measure <> 'flagged' AND printed = 0 THEN 'unseen'
            ELSE 'value'
        END AS shown
    FROM number
)

SELECT
    IF(is_total, 'all', event) AS line_id,
    IF(is_total, 'all', event_name) AS title,
    is_total,
    measure,
    IF(measure = 'detected_patients', 'persons', 'count') AS kind,
    shown,
    IF(shown = 'value', CAST(printed AS INTEGER), NULL) AS printed
FROM told
