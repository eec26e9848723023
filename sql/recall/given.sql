-- One row per bag and product that holds the lot or may hold it, and why it is listed:
-- `bedside` (its own record names the lot), or what was dispensed for it. Where the bedside names
-- another lot, the bag is listed only when no bag of the same issue names this one.
WITH shown AS (
    SELECT
        record_key AS infusion_key,
        product,
        fit,
        likeness,
        likeness_order,
        lot_number,
        expires_on,
        lot_g,
        'bedside' AS why
    FROM temp.lot_of_record
    WHERE record = 'infusion'
),

has_own_lot AS (
    SELECT i.infusion_key
    FROM staged.infusion AS i
    SEMI JOIN temp.traced AS t ON i.infusion_key = t.infusion_key
    WHERE i.lot_number IS NOT NULL
    UNION
    SELECT l.infusion_key
    FROM staged.infusion_lot AS l
    SEMI JOIN temp.traced AS t ON l.infusion_key = t.infusion_key
),

settled AS (
    SELECT DISTINCT t.dispensing_key
    FROM temp.traced AS t
    SEMI JOIN shown AS s ON t.infusion_key = s.infusion_key
    WHERE t.dispensing_key IS NOT NULL
),

traced AS (
    SELECT
        t.infusion_key,
        t.product,
        t.fit,
        ARG_MIN(t.likeness, t.likeness_order) AS likeness,
        MIN(t.likeness_order) AS likeness_order,
        STRING_AGG(DISTINCT t.lot_number, ' / ' ORDER BY t.lot_number) AS lot_number,
        MIN(t.expires_on) AS expires_on,
        MIN(IF(o.infusion_key IS NULL, t.link, t.link || '_other_lot')) AS why
    FROM temp.traced AS t
    ANTI JOIN shown AS s ON t.infusion_key = s.infusion_key
    LEFT JOIN has_own_lot AS o ON t.infusion_key = o.infusion_key
    LEFT JOIN settled AS e ON t.dispensing_key = e.dispensing_key
    WHERE o.infusion_key IS NULL OR e.dispensing_key IS NULL
    GROUP BY t.infusion_key, t.product, t.fit
),

every AS (
    SELECT *
    FROM shown
    UNION ALL BY NAME
    SELECT *
    FROM traced
)

SELECT
    CASE
        WHEN i.status = 'not_given' THEN 'not_shown'
        WHEN b.route = 'SC' THEN 'subcutaneous'
        ELSE 'given'
    END AS section,
    IF(i.status = 'not_given', 'not_given', e.why) AS why,
    e.likeness,
    e.likeness_order,
    i.patient_key,
    i.started_on AS on_date,
    e.product,
    e.fit,
    b.route,
    e.lot_number,
    e.expires_on,
    e.lot_g,
    i.dose_g,
    COALESCE(b.session_key, b.infusion_key) AS session_key,
    i.site_id,
    i.ward_id,
    'infusion' AS record,
    i.source_file,
    i.source_row
FROM every AS e
INNER JOIN staged.infusion AS i ON e.infusion_key = i.infusion_key
LEFT JOIN derived.infusion AS b ON e.infusion_key = b.infusion_key AND b.record = 'infusion'
