-- One row per dispensing whose pair cannot be plain, several rows where there are several reasons:
-- two infusions name it, the lots of the two sides are not the same, or some of a lot was
-- discarded.
WITH infused_lot AS (
    SELECT
        i.dispensing_key,
        l.lot_number,
        l.wasted_g
    FROM staged.infusion_lot AS l
    INNER JOIN staged.infusion AS i ON l.infusion_key = i.infusion_key
)

SELECT dispensing_key
FROM staged.infusion
WHERE dispensing_key IS NOT NULL
GROUP BY dispensing_key
HAVING COUNT(*) > 1
UNION ALL
SELECT i.dispensing_key
FROM infused_lot AS i
LEFT JOIN staged.dispensing_lot AS d
    ON i.dispensing_key = d.dispensing_key AND i.lot_number = d.lot_number
WHERE i.wasted_g > 0 OR d.lot_number IS NULL
UNION ALL
SELECT d.dispensing_key
FROM staged.dispensing_lot AS d
LEFT JOIN infused_lot AS i
    ON d.dispensing_key = i.dispensing_key AND d.lot_number = i.lot_number
WHERE d.wasted_g > 0 OR i.lot_number IS NULL
