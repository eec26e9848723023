-- One row per block of months, event reported in them and number of it, and per number of all:
-- events, those that are serious, are not, or of which it is not known, and the patients. No row
-- where reports were not supplied: that there is none would not be known.
WITH event AS (
    SELECT
        m.block,
        e.event_code,
        e.patient_key,
        e.is_serious,
        TRUE AS is_event
    FROM temp.counted_event AS e
    INNER JOIN temp.closed_month AS m ON CAST(DATE_TRUNC('month', e.onset_on) AS DATE) = m.month_on
),

block AS (
    SELECT DISTINCT block
    FROM temp.closed_month
),

line AS (
    -- a block without an event has its totals: a true zero
    SELECT
        b.block,
        e.event_code,
        GROUPING(e.event_code) = 1 AS is_total,
        COUNT(e.is_event) AS n_events,
        COUNT(e.is_event) FILTER (WHERE e.is_serious) AS n_serious,
        COUNT(e.is_event) FILTER (WHERE NOT e.is_serious) AS n_not_serious,
        COUNT(e.is_event) FILTER (WHERE e.is_serious IS NULL) AS n_unknown,
        COUNT(DISTINCT e.patient_key) AS n_patients,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE e.is_serious) AS p_serious,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE NOT e.is_serious) AS p_not_serious,
        COUNT(DISTINCT e.patient_key) FILTER (WHERE e.is_serious IS NULL) AS p_unknown
    FROM block AS b
    LEFT JOIN event AS e ON b.block = e.block
    GROUP BY GROUPING SETS ((b.block, e.event_code), (b.block))
    HAVING GROUPING(e.event_code) = 1 OR COUNT(e.is_event) > 0
)

SELECT
    l.block,
    COALESCE(l.event_code, 'other') AS line_id,
    COALESCE(w.name, l.event_code, 'other') AS title,
    l.is_total,
    'reported_events' AS total_of,
    UNNEST([ -- the fields are the columns -- noqa: AL03
        {
            'measure': 'events', 'kind': 'count', 'value': l.n_events,
            'n_persons': l.n_patients, 'part_of': NULL, 'at_most': NULL
        },
        {
            'measure': 'serious', 'kind': 'count', 'value': l.n_serious,
            'n_persons': l.p_serious, 'part_of': 'events', 'at_most': NULL
        },
        {
            'measure': 'not_serious', 'kind': 'count', 'value': l.n_not_serious,
            'n_persons': l.p_not_serious, 'part_of': 'events', 'at_most': NULL
        },
        {
            'measure': 'seriousness_unknown', 'kind': 'count', 'value': l.n_unknown,
            'n_persons': l.p_unknown, 'part_of': 'events', 'at_most': NULL
        },
        {
            'measure': 'patients', 'kind': 'persons', 'value': l.n_patients,
            'n_persons': l.n_patients, 'part_of': NULL, 'at_most': 'events'
        }
    ], recursive := TRUE)
FROM line AS l
INNER JOIN report.record_supplied AS s ON s.record = 'adverse_event' AND s.is_supplied
LEFT JOIN guideline.event AS w ON l.event_code = w.event_code
