-- One row per text that stands for a lot somewhere in the records and is the lot asked for, may be
-- it, or is one character away: `likeness` says which.
--   same       as asked
--   typed      but for case, blanks, hyphens and other signs
--   alike      but for letters and digits that a hand or an eye confuses (O 0, I L 1, S 5, B 8,
--              Z 2), or zeros in front that a spreadsheet took away
--   part       one number stands within the other: two lots in one cell, a prefix, a number cut off
--   neighbour  one character more, less, other or swapped: perhaps the next lot of the maker
-- Short numbers stand within others by chance: below five characters only a whole part counts.
WITH recorded AS (
    SELECT lot_number
    FROM staged.infusion
    UNION
    SELECT lot_number
    FROM staged.infusion_lot
    UNION
    SELECT lot_number
    FROM staged.dispensing
    UNION
    SELECT lot_number
    FROM staged.dispensing_lot
    UNION
    SELECT lot_number
    FROM staged.adverse_event
    UNION
    SELECT lot_number
    FROM temp.refused_row
    UNION
    SELECT lot_number
    FROM temp.asked
),

folded AS MATERIALIZED (
    SELECT
        lot_number,
        REGEXP_REPLACE(UPPER(lot_number), '[^\p{L}\p{N}]', '', 'g') AS typed,
        LTRIM(
            TRANSLATE(
                REGEXP_REPLACE(UPPER(lot_number), '[^\p{L}\p{N}]', '', 'g'), 'OILSBZ', '011582'
            ),
            '0'
        ) AS alike,
        LIST_TRANSFORM(
            REGEXP_SPLIT_TO_ARRAY(lot_number, '[,;|/+&"\s]+'),
            LAMBDA part: LTRIM(
                TRANSLATE(
                    REGEXP_REPLACE(UPPER(part), '[^\p{L}\p{N}]', '', 'g'), 'OILSBZ', '011582'
                ),
                '0'
            )
        ) AS parts
    FROM recorded
    WHERE lot_number IS NOT NULL
),

wanted AS MATERIALIZED (
    SELECT f.*
    FROM folded AS f
    SEMI JOIN temp.asked AS q ON f.lot_number = q.lot_number
),

compared AS (
    SELECT
        f.lot_number,
        f.typed,
        CASE
            WHEN f.lot_number = a.lot_number THEN 'same'
            WHEN f.typed = a.typed THEN 'typed'
            WHEN f.alike = '' OR a.alike = '' THEN NULL
            WHEN f.alike = a.alike THEN 'alike'
            WHEN LIST_CONTAINS(f.parts, a.alike) OR LIST_CONTAINS(a.parts, f.alike) THEN 'part'
            WHEN LENGTH(a.alike) >= 5 AND CONTAINS(f.alike, a.alike) THEN 'part'
            WHEN LENGTH(f.alike) >= 5 AND CONTAINS(a.alike, f.alike) THEN 'part'
            WHEN
                LENGTH(a.alike) >= 4
                AND ABS(LENGTH(f.alike) - LENGTH(a.alike)) <= 1
                AND DAMERAU_LEVENSHTEIN(f.alike, a.alike) = 1
                THEN 'neighbour'
        END AS likeness
    FROM folded AS f
    CROSS JOIN wanted AS a
)

SELECT
    lot_number,
    typed,
    likeness,
    CASE likeness
        WHEN 'same' THEN 1
        WHEN 'typed' THEN 2
        WHEN 'alike' THEN 3
        WHEN 'part' THEN 4
        WHEN 'neighbour' THEN 5
    END AS likeness_order
FROM compared
WHERE likeness IS NOT NULL
