-- One row per reported adverse event of a patient on the list that began on or after the day of
-- the first use, has no known beginning, or names the lot itself. No window: a recall asks for all.
WITH exposed AS (
    SELECT
        patient_key,
        MIN(on_date) AS first_on,
        BOOL_OR(on_date IS NULL) AS is_day_unknown
    FROM temp.line
    WHERE is_listed AND section != 'event' AND patient_key IS NOT NULL
    GROUP BY patient_key
),

naming AS (
    SELECT DISTINCT
        source_file,
        source_row
    FROM temp.line
    WHERE is_listed AND section = 'event'
)

SELECT
    p.patient_id,
    e.patient_key,
    e.onset_on,
    e.onset_on - x.first_on AS days_after_first,
    e.term,
    e.grade,
    e.is_serious,
    e.imputability,
    e.outcome,
    e.lot_number,
    e.reported_to,
    CASE
        WHEN n.source_row IS NOT NULL AND x.patient_key IS NULL THEN 'event_without_use'
        WHEN n.source_row IS NOT NULL THEN 'event_names_lot'
        WHEN e.onset_on IS NULL THEN 'event_onset_unknown'
        WHEN x.is_day_unknown AND (e.onset_on >= x.first_on) IS NOT TRUE THEN 'event_use_undated'
        ELSE 'event_after'
    END AS why,
    e.event_id
FROM staged.adverse_event AS e
INNER JOIN staged.patient AS p ON e.patient_key = p.patient_key
LEFT JOIN exposed AS x ON e.patient_key = x.patient_key
LEFT JOIN naming AS n ON e.source_file = n.source_file AND e.source_row = n.source_row
WHERE
    n.source_row IS NOT NULL
    OR (
        x.patient_key IS NOT NULL
        AND (e.onset_on >= x.first_on OR e.onset_on IS NULL OR x.is_day_unknown)
    )
ORDER BY p.patient_id, e.onset_on NULLS LAST, e.event_id, e.adverse_event_key
