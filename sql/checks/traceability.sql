-- One row per rule of lots and infusion or dispensing that breaks it, and one per rule and patient
-- of whom none does: millions of bags that are as they should be need no row each.
-- A lot that is missing accuses no care, but it is what a recall needs. Where a site does not
-- record lots the report says so once, and its patients are not assessable.
WITH given AS MATERIALIZED (
    SELECT *
    FROM audit.lot_infused
),

issued AS MATERIALIZED (
    SELECT *
    FROM audit.lot_issued
),

supplied AS (
    SELECT
        EXISTS(
            SELECT 1
            FROM given AS g
            WHERE g.has_lot
        ) AS has_lots_given,
        EXISTS(
            SELECT 1
            FROM issued AS i
            WHERE i.has_lot
        ) AS has_lots_issued
),

summed AS (
    -- per patient and question: how many bags could be asked, and how many failed
    SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
        patient_key,
        'infusion' AS place,
        COUNT(*) AS n_bags,
        COUNT(*) FILTER (WHERE has_lot AND has_issued_lot) AS n_pairs,
        COUNT(*) FILTER (WHERE has_lot) AS n_with_lot,
        COUNT(vials_g) AS n_with_vials,
        COUNT(is_lot_kept) AS n_kept,
        COUNT(*) FILTER (WHERE NOT is_lot_kept) AS n_missing,
        COUNT(is_lot_same) AS n_same,
        COUNT(*) FILTER (WHERE NOT is_lot_same) AS n_differing,
        COUNT(is_lot_fresh) AS n_fresh,
        COUNT(*) FILTER (WHERE NOT is_lot_fresh) AS n_expired,
        COUNT(are_vials_right) AS n_vials,
        COUNT(*) FILTER (WHERE NOT are_vials_right) AS n_vials_wrong
    FROM given
    GROUP BY patient_key
    UNION ALL BY NAME
    SELECT
        patient_key,
        'dispensing' AS place,
        COUNT(*) AS n_bags,
        COUNT(*) FILTER (WHERE has_lot) AS n_with_lot,
        COUNT(vials_g) AS n_with_vials,
        COUNT(is_lot_kept) AS n_kept,
        COUNT(*) FILTER (WHERE NOT is_lot_kept) AS n_missing,
        COUNT(are_vials_right) AS n_vials,
        COUNT(*) FILTER (WHERE NOT are_vials_right) AS n_vials_wrong
    FROM issued
    GROUP BY patient_key
),

asked AS (
    SELECT
        r.rule_key,
        r.set_key,
        l.problem,
        l.place
    FROM guideline.lot_rule AS l
    INNER JOIN guideline.rule AS r ON l.rule_key = r.rule_key
),

counted AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.problem,
        a.place,
        s.patient_key,
        CASE a.problem
            WHEN 'lot_missing' THEN s.n_bags
            WHEN 'lot_differs' THEN s.n_pairs
            WHEN 'lot_expired' THEN s.n_with_lot
            WHEN 'vials_differ' THEN s.n_with_lot
        END AS n_asked,
        CASE a.problem
            WHEN 'lot_missing' THEN s.n_kept
            WHEN 'lot_differs' THEN s.n_same
            WHEN 'lot_expired' THEN s.n_fresh
            WHEN 'vials_differ' THEN s.n_vials
        END AS n_assessed,
        CASE a.problem
            WHEN 'lot_missing' THEN s.n_missing
            WHEN 'lot_differs' THEN s.n_differing
            WHEN 'lot_expired' THEN s.n_expired
            WHEN 'vials_differ' THEN s.n_vials_wrong
        END AS n_failed
    FROM asked AS a
    INNER JOIN summed AS s ON a.place = s.place
),

plain AS (
    SELECT
        c.rule_key,
        c.set_key,
        'patient' AS subject_kind,
        c.patient_key AS subject_key,
        c.patient_key,
        IF(c.n_assessed > 0, 'met', 'not_assessable') AS status,
        CASE
            WHEN c.n_assessed > 0 THEN NULL
            WHEN c.problem = 'lot_expired' THEN 'expiry_unknown'
            WHEN c.problem = 'vials_differ' THEN 'vials_unknown'
            WHEN IF(c.place = 'infusion', s.has_lots_given, s.has_lots_issued) THEN 'lots_not_kept'
            ELSE 'table_not_supplied'
        END AS reason
    FROM counted AS c
    CROSS JOIN supplied AS s
    WHERE c.n_failed = 0 AND c.n_asked > 0
),

failed_given AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.problem,
        g.*
    FROM asked AS a
    INNER JOIN given AS g
        ON CASE a.problem
            WHEN 'lot_missing' THEN g.is_lot_kept
            WHEN 'lot_differs' THEN g.is_lot_same
            WHEN 'lot_expired' THEN g.is_lot_fresh
            WHEN 'vials_differ' THEN g.are_vials_right
        END = FALSE
    WHERE a.place = 'infusion'
),

failed_issued AS (
    SELECT
        a.rule_key,
        a.set_key,
        a.problem,
        i.*
    FROM asked AS a
    INNER JOIN issued AS i
        ON CASE a.problem
            WHEN 'lot_missing' THEN i.is_lot_kept
            WHEN 'vials_differ' THEN i.are_vials_right
        END = FALSE
    WHERE a.place = 'dispensing'
),

behind AS (
    SELECT -- both parts have the same columns, one by one -- noqa: AM07
        rule_key,
        infusion_key,
        'infusion' AS record,
        infusion_key AS record_key
    FROM failed_given
    UNION ALL
    SELECT
        rule_key,
        infusion_key,
        'dispensing' AS record,
        dispensing_key AS record_key
    FROM failed_given
),

lot AS (
    -- the lots behind a finding, given and dispensed
    SELECT
        b.rule_key,
        b.infusion_key,
        l.record,
        l.lot_record,
        l.lot_record_key,
        l.lot_number,
        l.n_vials,
        l.vial_size_g
    FROM behind AS b
    INNER JOIN derived.lot AS l ON b.record = l.record AND b.record_key = l.record_key
),

shown AS (
    SELECT
        rule_key,
        infusion_key,
        STRING_AGG(lot_number, ', ' ORDER BY lot_number, lot_record_key)
        FILTER (WHERE record = 'infusion') AS given,
        STRING_AGG(lot_number, ', ' ORDER BY lot_number, lot_record_key)
        FILTER (WHERE record = 'dispensing') AS dispensed,
        STRING_AGG(n_vials || ' × ' || vial_size_g || ' g', ' + ' ORDER BY lot_record_key)
        FILTER (WHERE record = 'infusion') AS vials,
        LIST(
            {
                'record': lot_record,
                'record_key': lot_record_key,
                'role': CASE record WHEN 'infusion' THEN 'lot given' ELSE 'lot dispensed' END
            }
            ORDER BY record DESC, lot_record ASC, lot_record_key ASC
        ) AS cites
    FROM lot
    GROUP BY rule_key, infusion_key
),

vial AS (
    SELECT
        f.dispensing_key,
        -- rows of dispensing_lot, else what the dispensing itself says
        COALESCE(
            STRING_AGG(
                l.n_vials || ' × ' || l.vial_size_g || ' g', ' + ' ORDER BY l.dispensing_lot_key
            ),
            MIN(d.n_vials || ' × ' || d.vial_size_g || ' g')
        ) AS vials,
        LIST(
            {
                'record': 'dispensing_lot',
                'record_key': l.dispensing_lot_key,
                'role': 'lot dispensed'
            }
            ORDER BY l.dispensing_lot_key
        ) FILTER (WHERE l.dispensing_lot_key IS NOT NULL) AS cites
    FROM failed_issued AS f
    INNER JOIN staged.dispensing AS d ON f.dispensing_key = d.dispensing_key
    LEFT JOIN staged.dispensing_lot AS l ON f.dispensing_key = l.dispensing_key
    WHERE f.problem = 'vials_differ'
    GROUP BY f.dispensing_key
),

broken AS (
    SELECT -- both parts have the same columns, one by one -- noqa: AM07
        f.rule_key,
        f.set_key,
        'infusion' AS subject_kind,
        f.infusion_key AS subject_key,
        f.course_key,
        f.patient_key,
        f.problem,
        CASE f.problem
            WHEN 'lot_expired' THEN f.started_on - f.expires_on
            WHEN 'vials_differ' THEN f.vials_g
        END AS observed,
        CASE f.problem WHEN 'lot_expired' THEN 0 WHEN 'vials_differ' THEN f.used_g END
            AS limit_high,
        CASE f.problem
            WHEN 'lot_missing' THEN 'looked for a lot of the infusion of ' || f.started_on
            WHEN 'lot_differs'
                THEN 'given: lot ' || s.given || CHR(10) || 'dispensed for it: lot ' || s.dispensed
            WHEN 'lot_expired'
                THEN
                    'given after expiry: ' || f.started_on || ' - ' || f.expires_on || ' = '
                    || (f.started_on - f.expires_on) || ' d'
            WHEN 'vials_differ'
                THEN
                    'vials: ' || s.vials || ' = ' || f.vials_g || ' g' || CHR(10)
                    || CASE
                        WHEN f.vials_g < f.used_g
                            THEN
                                'less than was given and discarded: ' || f.vials_g || ' g < '
                                || f.used_g || ' g'
                        ELSE
                            'a whole vial more: ' || f.vials_g || ' g - ' || f.used_g || ' g ≥ '
                            || f.smallest_vial_g || ' g'
                    END
        END AS workings,
        s.cites
    FROM failed_given AS f
    LEFT JOIN shown AS s ON f.rule_key = s.rule_key AND f.infusion_key = s.infusion_key
    UNION ALL
    SELECT
        f.rule_key,
        f.set_key,
        'dispensing' AS subject_kind,
        f.dispensing_key AS subject_key,
        NULL AS course_key,
        f.patient_key,
        f.problem,
        CASE WHEN f.problem = 'vials_differ' THEN f.vials_g END AS observed,
        CASE WHEN f.problem = 'vials_differ' THEN f.dose_g END AS limit_high,
        CASE f.problem
            WHEN 'lot_missing' THEN 'looked for a lot of the dispensing of ' || f.dispensed_on
            WHEN 'vials_differ'
                THEN
                    'vials: ' || v.vials || ' = ' || f.vials_g || ' g' || CHR(10)
                    || IF(
                        f.vials_g > f.dose_g,
                        'more than was dispensed: ',
                        'less than was dispensed: '
                    )
                    || f.vials_g || IF(f.vials_g > f.dose_g, ' g > ', ' g < ') || f.dose_g || ' g'
        END AS workings,
        LIST_PREPEND(
            { 'record': 'dispensing', 'record_key': f.dispensing_key, 'role': 'dispensed' }, v.cites
        ) AS cites
    FROM failed_issued AS f
    LEFT JOIN vial AS v ON f.dispensing_key = v.dispensing_key AND f.problem = 'vials_differ'
)

SELECT -- matched by name: what a part of the union lacks is NULL -- noqa: AM07
    rule_key,
    set_key,
    subject_kind,
    subject_key,
    course_key,
    patient_key,
    'breached' AS status,
    problem AS reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed,
    CASE problem WHEN 'lot_expired' THEN 'expiry' WHEN 'vials_differ' THEN 'vials' ELSE 'lot' END
        AS clause,
    observed,
    CASE WHEN problem = 'vials_differ' THEN limit_high END AS limit_low,
    limit_high,
    CASE WHEN observed IS NOT NULL THEN 0 END AS tolerance,
    CASE problem WHEN 'lot_expired' THEN 'days' WHEN 'vials_differ' THEN 'g' END AS unit,
    ABS(observed - limit_high) AS miss,
    workings,
    cites
FROM broken
UNION ALL BY NAME
SELECT
    rule_key,
    set_key,
    subject_kind,
    subject_key,
    patient_key,
    status,
    reason,
    'review' AS severity,
    'never_accuses' AS cap,
    FALSE AS is_accusable,
    FALSE AS is_weight_disputed
FROM plain
