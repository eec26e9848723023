-- One row per infusion of immunoglobulin given in the period: what its lots say. TRUE is as it
-- should be, FALSE is not, NULL cannot be told.
-- Most bags have one lot, written as that of their dispensing; the others are looked at lot by lot.
WITH bag AS (
    SELECT
        b.infusion_key,
        b.patient_key,
        b.course_key,
        b.started_on,
        b.site_id,
        YEAR(b.started_on) AS year_given,
        i.dose_g,
        i.status,
        i.lot_number,
        i.dispensing_key
    FROM derived.infusion AS b
    INNER JOIN staged.infusion AS i ON b.infusion_key = i.infusion_key
    CROSS JOIN guideline.policy AS p
    WHERE
        b.record = 'infusion'
        AND b.course_key IS NOT NULL
        AND (b.started_on < p.from_on) IS NOT TRUE
        AND (b.started_on > p.to_on) IS NOT TRUE
),

listed AS (
    -- bags with rows of their own in infusion_lot
    SELECT
        infusion_key,
        CAST(SUM(n_vials * vial_size_g) AS DECIMAL(12, 3)) AS vials_g,
        BOOL_AND(n_vials IS NOT NULL AND vial_size_g IS NOT NULL) AS is_every_vial_known,
        MIN(vial_size_g) AS smallest_vial_g,
        CAST(SUM(wasted_g) AS DECIMAL(12, 3)) AS wasted_g
    FROM staged.infusion_lot
    GROUP BY infusion_key
),

issued AS (
    SELECT DISTINCT dispensing_key
    FROM staged.dispensing_lot
),

paired AS (
    SELECT
        b.*,
        b.lot_number IS NOT NULL OR l.infusion_key IS NOT NULL AS has_lot,
        l.vials_g,
        l.is_every_vial_known,
        l.smallest_vial_g,
        l.wasted_g,
        -- nothing recorded as discarded means that nothing was
        CASE WHEN l.wasted_g IS NULL THEN b.dose_g ELSE b.dose_g + l.wasted_g END AS used_g,
        d.lot_number IS NOT NULL OR s.dispensing_key IS NOT NULL AS has_issued_lot,
        (b.lot_number = d.lot_number AND l.infusion_key IS NULL) IS TRUE AS is_same_plainly,
        d.expires_on AS issued_expires_on
    FROM bag AS b
    LEFT JOIN listed AS l ON b.infusion_key = l.infusion_key
    LEFT JOIN staged.dispensing AS d ON b.dispensing_key = d.dispensing_key
    LEFT JOIN issued AS s ON b.dispensing_key = s.dispensing_key
),

lot_given AS (
    SELECT
        b.infusion_key,
        b.started_on,
        b.has_issued_lot,
        g.lot,
        g.expires_on,
        g.lot_record,
        b.dispensing_key
    FROM paired AS b
    INNER JOIN derived.lot AS g ON b.infusion_key = g.record_key AND g.record = 'infusion'
    WHERE NOT b.is_same_plainly
),

compared AS (
    SELECT
        g.infusion_key,
        BOOL_AND(d.lot IS NOT NULL) AS is_same,
        BOOL_AND(COALESCE(g.expires_on, d.expires_on) >= g.started_on) AS is_fresh,
        BOOL_AND(COALESCE(g.expires_on, d.expires_on) IS NOT NULL) AS is_expiry_known,
        MIN(COALESCE(g.expires_on, d.expires_on)) AS expires_on,
        BOOL_OR(g.lot_record = 'infusion') AS has_lot_without_vials
    FROM lot_given AS g
    LEFT JOIN derived.lot AS d
        ON
            g.dispensing_key = d.record_key
            AND d.record = 'dispensing'
            AND g.lot = d.lot
    GROUP BY g.infusion_key
),

practice AS (
    -- a site that records few lots does not record them: nobody is asked for each
    SELECT
        site_id,
        year_given,
        COUNT(*) FILTER (WHERE has_lot) AS n_with_lot,
        COUNT(*) AS n_bags
    FROM paired
    GROUP BY site_id, year_given
)

SELECT
    b.infusion_key,
    b.patient_key,
    b.course_key,
    b.started_on,
    b.site_id,
    b.dispensing_key,
    b.used_g,
    b.vials_g,
    b.smallest_vial_g,
    IF(b.is_same_plainly, b.issued_expires_on, c.expires_on) AS expires_on,
    b.has_lot,
    b.has_issued_lot,
    CASE
        WHEN b.has_lot THEN TRUE
        WHEN k.n_with_lot >= k.n_bags * p.lot_practice THEN FALSE
    END AS is_lot_kept,
    CASE
        WHEN NOT b.has_lot OR NOT b.has_issued_lot THEN NULL
        ELSE b.is_same_plainly OR c.is_same
    END AS is_lot_same,
    CASE
        WHEN b.is_same_plainly THEN b.issued_expires_on >= b.started_on
        WHEN c.is_fresh IS FALSE THEN FALSE
        WHEN c.is_expiry_known THEN c.is_fresh
    END AS is_lot_fresh,
    CASE
        WHEN b.is_every_vial_known IS NOT TRUE OR c.has_lot_without_vials THEN NULL
        -- what is left of a stopped bag was discarded, whether that was recorded or not
        WHEN b.status = 'stopped' AND b.wasted_g IS NULL THEN NULL
        ELSE
            b.vials_g >= b.used_g AND b.vials_g - b.used_g < b.smallest_vial_g
    END AS are_vials_right
FROM paired AS b
CROSS JOIN guideline.policy AS p
LEFT JOIN compared AS c ON b.infusion_key = c.infusion_key
LEFT JOIN practice AS k ON b.site_id IS NOT DISTINCT FROM k.site_id AND b.year_given = k.year_given
