-- One row per bag that an issue of the lot may have become, and issue: by the bag's own link, by
-- the line of the gram ledger (which also pairs in time), or by an id the link of which was dropped
-- or the issue of which was refused. Wrong links harm nobody here; a missing one may.
WITH issue AS (
    SELECT
        l.*,
        d.dispensing_id,
        e.line_key
    FROM temp.lot_of_record AS l
    INNER JOIN staged.dispensing AS d ON l.record_key = d.dispensing_key
    LEFT JOIN derived.ledger_entry AS e
        ON l.record_key = e.record_key AND e.record = 'dispensing'
    WHERE l.record = 'dispensing'
),

on_line AS (
    SELECT
        e.record_key AS infusion_key,
        i.record_key AS dispensing_key,
        'dispensed' AS link
    FROM issue AS i
    INNER JOIN derived.ledger_entry AS e ON i.line_key = e.line_key
    WHERE e.record = 'infusion'
),

by_key AS (
    SELECT
        b.infusion_key,
        b.dispensing_key,
        'dispensed' AS link
    FROM issue AS i
    INNER JOIN staged.infusion AS b ON i.record_key = b.dispensing_key
),

by_text AS (
    SELECT
        b.infusion_key,
        i.record_key AS dispensing_key,
        'dispensed_to_another' AS link
    FROM issue AS i
    INNER JOIN staged.infusion AS b ON i.dispensing_id = b.dispensing_id
    WHERE b.dispensing_key IS NULL
),

found AS (
    SELECT * -- three of the same columns -- noqa: AM07
    FROM on_line
    UNION ALL
    SELECT *
    FROM by_key
    UNION ALL
    SELECT *
    FROM by_text
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    f.infusion_key,
    i.record_key AS dispensing_key,
    MIN(f.link) AS link,
    i.product,
    i.fit,
    i.likeness,
    i.likeness_order,
    i.lot_number,
    i.expires_on
FROM found AS f
INNER JOIN issue AS i ON f.dispensing_key = i.record_key
GROUP BY ALL
UNION ALL BY NAME
SELECT DISTINCT
    b.infusion_key,
    'dispensing_refused' AS link,
    p.product,
    p.fit,
    w.likeness,
    w.likeness_order,
    w.lot_number
FROM temp.refused_row AS r
INNER JOIN temp.written AS w ON r.lot_number = w.lot_number
INNER JOIN staged.infusion AS b ON r.dispensing_id = b.dispensing_id
LEFT JOIN temp.product_fit AS p ON r.product_code = p.product_code
WHERE r.record IN ('dispensing', 'dispensing_lot') AND w.likeness != 'neighbour'
