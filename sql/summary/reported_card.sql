-- One row per reported event of the period that the page opens as a card: serious ones first, then
-- those of which it is not recorded, then the others, the newest first in each. `products` and
-- `lots` are what may share in it; `confirmation` is what results and codes say of it, NULL where
-- no case definition looks for its kind.
WITH ranked AS (
    SELECT
        e.*,
        w.name AS event_name,
        w.is_medically_important,
        ROW_NUMBER() OVER (
            ORDER BY
                LIST_POSITION([TRUE, NULL, FALSE], e.is_serious) ASC,
                e.event_on DESC NULLS LAST,
                e.reported_event_key ASC
        ) AS card_number
    FROM temp.counted_event AS c
    INNER JOIN derived.reported_event AS e ON c.reported_event_key = e.reported_event_key
    LEFT JOIN guideline.event AS w ON e.event_code = w.event_code
),

shared AS (
    SELECT
        s.reported_event_key,
        STRING_AGG(DISTINCT s.lot, ', ' ORDER BY s.lot) AS lots,
        STRING_AGG(
            DISTINCT COALESCE(p.brand, s.product_id), ', ' ORDER BY COALESCE(p.brand, s.product_id)
        ) AS products,
        MIN(s.basis) AS basis
    FROM derived.reported_event_product AS s
    LEFT JOIN guideline.product AS p ON s.product_id = p.product_id
    GROUP BY s.reported_event_key
),

symptom AS (
    SELECT
        r.reported_event_key,
        STRING_AGG(
            DISTINCT LOWER(w.name), ', ' ORDER BY LOWER(w.name)
        ) AS symptoms
    FROM derived.event_report AS r
    INNER JOIN guideline.event AS w ON r.event_code = w.event_code
    WHERE r.is_symptom
    GROUP BY r.reported_event_key
)

SELECT
    r.card_number,
    r.reported_event_key,
    r.patient_key,
    r.event_code,
    r.event_name,
    y.symptoms,
    r.n_reports,
    LEN(r.sources) AS n_sources,
    r.onset_at,
    r.onset_on,
    r.event_on,
    r.grade,
    r.is_serious,
    r.criterion,
    (r.is_serious IS NULL AND r.is_medically_important) IS TRUE AS is_to_review,
    r.imputability,
    r.reported_on,
    r.reported_to IS NOT NULL AS is_told_whom,
    r.days_to_report,
    r.clock_days,
    r.clock,
    r.attribution,
    r.is_named_outside,
    r.is_other_patient_named,
    r.is_other_product_named,
    r.is_not_given_named,
    s.started_on AS session_on,
    c.started_on,
    c.last_on,
    c.n_sessions,
    c.known_dose_g AS grams,
    c.indication_code,
    n.name AS indication,
    h.products,
    h.lots,
    h.basis,
    k.confirmation,
    r.deceased_on,
    r.days_to_death
FROM ranked AS r
CROSS JOIN temp.worklist_limit AS x
LEFT JOIN derived.session AS s ON r.session_key = s.session_key
LEFT JOIN derived.course AS c ON r.course_key = c.course_key
LEFT JOIN guideline.indication AS n ON c.indication_code = n.indication_code
LEFT JOIN shared AS h ON r.reported_event_key = h.reported_event_key
LEFT JOIN symptom AS y ON r.reported_event_key = y.reported_event_key
LEFT JOIN audit.reported_check AS k ON r.reported_event_key = k.reported_event_key
WHERE r.card_number <= x.max_cards
