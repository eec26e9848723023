-- One row per bag or dose that was begun, and per dose of an immune globulin that was not given.
-- An infusion ends where its bag was stopped, and nowhere else; not in an hour that the clocks
-- showed twice, where its length is not known. A reason for stopping makes it
-- stopped early, unless it says that all was done. A bag whose time cannot be read goes to
-- quarantine.
WITH begun AS (
    SELECT
        b.source_file,
        b.source_row,
        b.infusion_id,
        CASE WHEN NOT b.is_end_repeated THEN s.action_at END AS ended_at,
        b.product_code,
        b.dose_g,
        b.volume_ml,
        b.initial_rate_ml_per_h,
        b.max_rate_ml_per_h,
        b.paused_minutes,
        CASE
            WHEN
                NOT REGEXP_MATCHES(
                    LOWER(s.reason), '^ *((infusion|dose|bag) )?(complete|completed|done) *$'
                )
                THEN 'stopped'
        END AS status,
        s.reason AS stop_reason
    FROM step.bag AS b
    LEFT JOIN raw.mar_action AS s ON b.stop_file = s.source_file AND b.stop_row = s.source_row
    UNION ALL BY NAME
    SELECT
        p.source_file,
        p.source_row,
        CONCAT_WS(
            '-', p.order_name, 'not',
            ROW_NUMBER() OVER (PARTITION BY p.order_id, p.patient_id ORDER BY p.place)
        ) AS infusion_id,
        a.product_code,
        'not_given' AS status,
        r.reason AS stop_reason
    FROM step.placed AS p
    INNER JOIN step.action AS a
        ON p.source_file = a.source_file AND p.source_row = a.source_row
    INNER JOIN raw.mar_action AS r
        ON p.source_file = r.source_file AND p.source_row = r.source_row
    WHERE p.fate = 'not_given'
    UNION ALL BY NAME
    SELECT
        a.source_file,
        a.source_row,
        CONCAT_WS('-', a.order_id, 'untimed', a.source_row) AS infusion_id,
        a.product_code
    FROM step.action AS a
    WHERE a.fate = 'time_unread' AND a.kind IN ('new_bag', 'given')
)

SELECT
    b.infusion_id,
    a.patient_id,
    a.action_at AS started_at,
    b.ended_at,
    b.product_code,
    b.dose_g,
    b.volume_ml,
    b.initial_rate_ml_per_h,
    b.max_rate_ml_per_h,
    b.paused_minutes,
    a.route,
    a.prescribed_dose_g,
    a.weight_kg,
    a.weight_basis,
    a.indication_code,
    a.phase,
    a.lot_number,
    a.dispensing_id,
    a.authorisation_id,
    b.status,
    CASE WHEN b.status IS NOT NULL THEN b.stop_reason END AS stop_reason,
    a.care_setting,
    a.ward_id,
    a.site_id,
    a.prescriber_id,
    b.source_file,
    b.source_row
FROM begun AS b
INNER JOIN raw.mar_action AS a ON b.source_file = a.source_file AND b.source_row = a.source_row
