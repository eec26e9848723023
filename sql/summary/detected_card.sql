-- One row per detected event that the page opens as a card: counted ones that nobody reported
-- first, then the other counted ones, then those that are flagged, the newest first in each.
WITH ranked AS (
    SELECT
        *,
        ROW_NUMBER() OVER (
            ORDER BY
                is_observation ASC,
                is_counted DESC,
                is_reported ASC,
                is_serious DESC,
                occurred_at DESC NULLS LAST,
                detected_event_key ASC
        ) AS card_number
    FROM audit.detected_event
),

lot AS (
    SELECT
        l.detected_event_key,
        STRING_AGG(DISTINCT l.lot, ', ' ORDER BY l.lot) AS lots,
        STRING_AGG(
            DISTINCT COALESCE(p.brand, l.product_id), ', ' ORDER BY COALESCE(p.brand, l.product_id)
        ) AS products
    FROM audit.detected_event_lot AS l
    LEFT JOIN guideline.product AS p ON l.product_id = p.product_id
    GROUP BY l.detected_event_key
)

SELECT
    r.card_number,
    r.detected_event_key,
    r.patient_key,
    r.event,
    r.event_name,
    r.is_observation,
    r.is_counted,
    r.is_reported,
    r.is_serious,
    r.guards,
    r.n_met,
    r.n_counted,
    r.subject_kind,
    r.started_on,
    r.window_to_on,
    r.occurred_at,
    p.deceased_on,
    (CAST(r.occurred_at AS DATE) > p.deceased_on) IS TRUE AS is_after_death,
    c.last_on,
    c.n_sessions,
    c.known_dose_g AS grams,
    c.indication_code,
    n.name AS indication,
    l.lots,
    l.products
FROM ranked AS r
CROSS JOIN temp.worklist_limit AS x
LEFT JOIN staged.patient AS p ON r.patient_key = p.patient_key
LEFT JOIN derived.course AS c ON r.course_key = c.course_key
LEFT JOIN guideline.indication AS n ON c.indication_code = n.indication_code
LEFT JOIN lot AS l ON r.detected_event_key = l.detected_event_key
WHERE r.card_number <= x.max_cards
