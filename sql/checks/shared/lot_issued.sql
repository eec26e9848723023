-- One row per immunoglobulin dispensed in the period: what its lots say. TRUE is as it should be,
-- FALSE is not, NULL cannot be told.
WITH listed AS (
    SELECT
        dispensing_key,
        CAST(SUM(n_vials * vial_size_g) AS DECIMAL(12, 3)) AS vials_g,
        BOOL_AND(n_vials IS NOT NULL AND vial_size_g IS NOT NULL) AS is_every_vial_known,
        BOOL_OR(lot_number IS NOT NULL) AS has_lot
    FROM staged.dispensing_lot
    GROUP BY dispensing_key
),

issue AS (
    SELECT
        d.dispensing_key,
        d.patient_key,
        d.dispensed_on,
        d.site_id,
        YEAR(d.dispensed_on) AS year_issued,
        d.dose_g,
        d.lot_number IS NOT NULL OR l.has_lot IS TRUE AS has_lot,
        CASE
            WHEN l.dispensing_key IS NULL
                THEN CAST(d.n_vials * d.vial_size_g AS DECIMAL(12, 3))
            WHEN l.is_every_vial_known THEN l.vials_g
        END AS vials_g
    FROM staged.dispensing AS d
    INNER JOIN derived.product_code AS c ON d.product_code = c.product_code
    CROSS JOIN guideline.policy AS p
    LEFT JOIN listed AS l ON d.dispensing_key = l.dispensing_key
    WHERE
        c.kind = 'ivig'
        AND (d.dispensed_on < p.from_on) IS NOT TRUE
        AND (d.dispensed_on > p.to_on) IS NOT TRUE
),

practice AS (
    SELECT
        site_id,
        year_issued,
        COUNT(*) FILTER (WHERE has_lot) AS n_with_lot,
        COUNT(*) AS n_issues
    FROM issue
    GROUP BY site_id, year_issued
)

SELECT
    i.dispensing_key,
    i.patient_key,
    i.dispensed_on,
    i.site_id,
    i.dose_g,
    i.vials_g,
    i.has_lot,
    CASE
        WHEN i.has_lot THEN TRUE
        WHEN k.n_with_lot >= k.n_issues * p.lot_practice THEN FALSE
    END AS is_lot_kept,
    i.vials_g = i.dose_g AS are_vials_right
FROM issue AS i
CROSS JOIN guideline.policy AS p
LEFT JOIN practice AS k
    ON i.site_id IS NOT DISTINCT FROM k.site_id AND i.year_issued = k.year_issued
