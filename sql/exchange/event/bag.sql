-- One row per draft, bag given to the patient in the course the event is laid to (up to the day it
-- began) and lot of the bag; a bag without a lot has one row. Without a course: what the reports
-- state, and no bag.
WITH bag AS (
    SELECT
        c.case_id,
        b.infusion_key,
        b.record,
        COALESCE(i.product_code, d.product_code) AS product_code,
        COALESCE(i.route, d.route) AS route,
        b.started_at,
        b.started_on,
        b.ended_at,
        b.dose_g,
        i.status,
        COALESCE(b.session_key = c.session_key, FALSE) AS is_of_session
    FROM temp.chosen_case AS c
    INNER JOIN derived.infusion AS b
        ON c.course_key = b.course_key AND (c.onset_on < b.started_on) IS NOT TRUE
    LEFT JOIN staged.infusion AS i ON b.record = 'infusion' AND b.infusion_key = i.infusion_key
    LEFT JOIN staged.dispensing AS d
        ON b.record = 'dispensing' AND b.infusion_key = d.dispensing_key
    WHERE b.exclusion IS NULL
),

given AS (
    SELECT
        b.*,
        l.lot_number,
        l.dose_g AS lot_g,
        COUNT(*) OVER of_bag AS n_lots,
        COUNT(l.dose_g) OVER of_bag = COUNT(*) OVER of_bag AS is_every_lot_weighed
    FROM bag AS b
    LEFT JOIN derived.lot AS l ON b.record = l.record AND b.infusion_key = l.record_key
    WINDOW of_bag AS (PARTITION BY b.case_id, b.record, b.infusion_key)
),

stated AS (
    SELECT DISTINCT
        c.case_id,
        a.product_code,
        a.lot_number
    FROM temp.chosen_case AS c
    INNER JOIN derived.event_report AS e
        ON c.origin = 'reported' AND c.event_key = e.reported_event_key
    INNER JOIN staged.adverse_event AS a ON e.adverse_event_key = a.adverse_event_key
    ANTI JOIN bag AS b ON c.case_id = b.case_id
    WHERE a.product_code IS NOT NULL OR a.lot_number IS NOT NULL
)

SELECT
    case_id,
    product_code,
    started_on,
    started_at,
    infusion_key,
    lot_number,
    route,
    ended_at,
    CASE
        WHEN n_lots = 1 THEN dose_g
        WHEN is_every_lot_weighed THEN lot_g
    END AS dose_g,
    dose_g AS bag_g,
    n_lots,
    status,
    is_of_session,
    FALSE AS is_stated_only
FROM given
UNION ALL
SELECT
    case_id,
    product_code,
    NULL AS started_on,
    NULL AS started_at,
    NULL AS infusion_key,
    lot_number,
    NULL AS route,
    NULL AS ended_at,
    NULL AS dose_g,
    NULL AS bag_g,
    NULL AS n_lots,
    NULL AS status,
    FALSE AS is_of_session,
    TRUE AS is_stated_only
FROM stated
ORDER BY ALL
