-- One row per card of a detected or reported event and record on its timeline: when, how many hours
-- after the first infusion of its course, what it says, where in the files it stands, and whether
-- it is dated after the patient's death. `card` names the card as the page does. Days count from
-- the start of what the event is laid to, else from the event itself.
WITH wanted AS (
    SELECT
        CONCAT('d-', k.detected_event_key) AS card,
        e.record,
        e.record_key
    FROM audit.detected_evidence AS e
    INNER JOIN report.detected_card AS k ON e.detected_event_key = k.detected_event_key
    UNION ALL
    SELECT
        CONCAT('r-', reported_event_key) AS card,
        record,
        record_key
    FROM temp.reported_evidence
),

about AS (
    SELECT
        CONCAT('d-', detected_event_key) AS card,
        started_on AS first_on,
        TRUE AS is_laid,
        deceased_on
    FROM report.detected_card
    UNION ALL
    SELECT
        CONCAT('r-', reported_event_key) AS card,
        COALESCE(started_on, event_on) AS first_on,
        started_on IS NOT NULL AS is_laid,
        deceased_on
    FROM report.reported_card
),

told AS (
    SELECT
        w.card,
        'given' AS lane,
        i.started_at AS happened_at,
        i.started_on AS on_date,
        COALESCE(p.brand, d.product_id) AS shown_as,
        i.dose_g AS amount,
        'g' AS unit,
        NULL AS comparator,
        NULL AS words,
        i.source_file,
        i.source_row
    FROM wanted AS w
    INNER JOIN staged.infusion AS i ON w.record = 'infusion' AND w.record_key = i.infusion_key
    LEFT JOIN derived.infusion AS d ON d.record = 'infusion' AND i.infusion_key = d.infusion_key
    LEFT JOIN guideline.product AS p ON d.product_id = p.product_id
    UNION ALL
    SELECT
        w.card,
        'given' AS lane,
        i.dispensed_at AS happened_at,
        i.dispensed_on AS on_date,
        i.product_code AS shown_as,
        i.dose_g AS amount,
        'g' AS unit,
        NULL AS comparator,
        'dispensed' AS words,
        i.source_file,
        i.source_row
    FROM wanted AS w
    INNER JOIN staged.dispensing AS i
        ON w.record = 'dispensing' AND w.record_key = i.dispensing_key
    UNION ALL
    SELECT
        w.card,
        'result' AS lane,
        l.collected_at AS happened_at,
        l.collected_on AS on_date,
        y.name AS shown_as,
        l.canonical_value AS amount,
        l.canonical_unit AS unit,
        l.comparator,
        l.finding AS words,
        s.source_file,
        s.source_row
    FROM wanted AS w
    INNER JOIN derived.lab_result AS l
        ON w.record = 'lab_result' AND w.record_key = l.lab_result_key
    INNER JOIN guideline.lab_analyte AS y ON l.analyte = y.analyte
    INNER JOIN staged.lab_result AS s ON l.lab_result_key = s.lab_result_key
    UNION ALL
    SELECT
        w.card,
        'diagnosis' AS lane,
        NULL AS happened_at,
        COALESCE(d.onset_on, d.recorded_on) AS on_date,
        d.code AS shown_as,
        NULL AS amount,
        NULL AS unit,
        NULL AS comparator,
        CONCAT_WS(
            ', ',
            d.position,
            CASE
                WHEN d.present_on_admission THEN 'present on admission'
                WHEN NOT d.present_on_admission THEN 'not present on admission'
                ELSE 'presence on admission not recorded'
            END
        ) AS words,
        d.source_file,
        d.source_row
    FROM wanted AS w
    INNER JOIN staged.diagnosis AS d ON w.record = 'diagnosis' AND w.record_key = d.diagnosis_key
    UNION ALL
    SELECT
        w.card,
        'event' AS lane,
        v.occurred_at AS happened_at,
        v.occurred_on AS on_date,
        REPLACE(v.event_code, '_', ' ') AS shown_as,
        NULL AS amount,
        NULL AS unit,
        NULL AS comparator,
        NULL AS words,
        v.source_file,
        v.source_row
    FROM wanted AS w
    INNER JOIN staged.clinical_event AS v
        ON w.record = 'clinical_event' AND w.record_key = v.clinical_event_key
    UNION ALL
    SELECT
        w.card,
        'event' AS lane,
        t.started_at AS happened_at,
        t.started_on AS on_date,
        t.code AS shown_as,
        NULL AS amount,
        NULL AS unit,
        NULL AS comparator,
        'medicine' AS words,
        t.source_file,
        t.source_row
    FROM wanted AS w
    INNER JOIN staged.medication AS t
        ON w.record = 'medication' AND w.record_key = t.medication_key
    UNION ALL
    SELECT
        w.card,
        'report' AS lane,
        a.onset_at AS happened_at,
        COALESCE(a.onset_on, a.reported_on) AS on_date,
        'reported' AS shown_as,
        NULL AS amount,
        NULL AS unit,
        NULL AS comparator,
        IF(a.onset_on IS NULL, 'onset not recorded, the day of the report', 'onset') AS words,
        a.source_file,
        a.source_row
    FROM wanted AS w
    INNER JOIN staged.adverse_event AS a
        ON w.record = 'adverse_event' AND w.record_key = a.adverse_event_key
),

begun AS (
    SELECT
        card,
        MIN(happened_at) FILTER (WHERE lane = 'given') AS first_at
    FROM told
    GROUP BY card
)

SELECT
    t.card,
    t.lane,
    t.happened_at,
    t.on_date,
    DATE_DIFF('day', a.first_on, t.on_date) AS day_number,
    CASE
        WHEN a.is_laid
            THEN CAST(ROUND(DATE_DIFF('minute', b.first_at, t.happened_at) / 60) AS INTEGER)
    END AS hours_after,
    t.shown_as,
    t.amount,
    t.unit,
    t.comparator,
    t.words,
    (t.on_date > a.deceased_on) IS TRUE AS is_after_death,
    f.file_name,
    t.source_row
FROM told AS t
INNER JOIN about AS a ON t.card = a.card
INNER JOIN begun AS b ON t.card = b.card
LEFT JOIN audit.input_file AS f ON t.source_file = f.file_id
