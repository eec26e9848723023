-- One row per infusion, of a line that is no plain pair, of which some lot is none of those its
-- line issued. Where a dispensing of the line names no lot nobody can say so.
WITH member AS (
    SELECT
        record,
        record_key,
        line_key,
        product_id
    FROM derived.ledger_apart
    WHERE NOT is_set_aside AND matched_by IS NOT NULL
),

issued AS (
    SELECT
        m.line_key,
        m.record_key,
        COALESCE(l.lot_number, d.lot_number) AS lot_number
    FROM member AS m
    INNER JOIN staged.dispensing AS d ON m.record_key = d.dispensing_key
    LEFT JOIN staged.dispensing_lot AS l ON m.record_key = l.dispensing_key
    WHERE m.record = 'dispensing'
),

infused AS (
    SELECT
        m.line_key,
        m.record_key,
        COALESCE(l.lot_number, i.lot_number) AS lot_number
    FROM member AS m
    INNER JOIN staged.infusion AS i ON m.record_key = i.infusion_key
    LEFT JOIN staged.infusion_lot AS l ON m.record_key = l.infusion_key
    -- what is of another product is of another lot anyway
    SEMI JOIN member AS own
        ON
            m.line_key = own.line_key
            AND own.record = 'dispensing'
            AND m.product_id IS NOT DISTINCT FROM own.product_id
    WHERE m.record = 'infusion'
),

known AS (
    SELECT
        line_key,
        LIST(DISTINCT UPPER(REGEXP_REPLACE(lot_number, '[^0-9A-Za-z]', '', 'g'))) AS lots
    FROM issued
    GROUP BY line_key
    HAVING COUNT(*) = COUNT(lot_number)
)

SELECT DISTINCT i.record_key AS infusion_key
FROM infused AS i
INNER JOIN known AS k ON i.line_key = k.line_key
WHERE NOT LIST_CONTAINS(k.lots, UPPER(REGEXP_REPLACE(i.lot_number, '[^0-9A-Za-z]', '', 'g')))
