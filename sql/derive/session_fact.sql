-- One row per session: what its bags say together. What differs is mixed.
-- Most sessions are a single bag and need no gathering, which is several times faster.
WITH bag AS NOT MATERIALIZED (
    SELECT
        b.infusion_key,
        b.patient_key,
        b.started_at,
        b.started_on,
        b.ended_at,
        CASE WHEN NOT b.is_dose_uncertain THEN CAST(b.dose_g AS DECIMAL(12, 3)) END AS dose_g,
        b.is_dose_uncertain,
        b.is_stopped,
        b.indication_code,
        b.is_indication_on_infusion,
        b.phase,
        b.approved_phase,
        b.vial_step_g,
        b.product_id,
        b.site_id
    FROM temp.bag AS b
    WHERE b.exclusion IS NULL
),

alone AS NOT MATERIALIZED (
    SELECT bag.*
    FROM bag
    ANTI JOIN temp.bag_session AS s ON bag.infusion_key = s.infusion_key
),

joined AS NOT MATERIALIZED (
    SELECT
        bag.*,
        s.session_key
    FROM bag
    INNER JOIN temp.bag_session AS s ON bag.infusion_key = s.infusion_key
)

SELECT
    infusion_key AS session_key,
    patient_key,
    started_at,
    started_on,
    ended_at,
    1 AS n_infusions,
    dose_g,
    dose_g AS known_dose_g,
    CAST(DATE_DIFF('second', started_at, ended_at) / 3600 AS DECIMAL(9, 3)) AS duration_h,
    is_stopped,
    is_dose_uncertain,
    indication_code AS first_indication,
    FALSE AS is_indication_mixed,
    is_indication_on_infusion,
    phase AS first_phase,
    FALSE AS is_phase_mixed,
    approved_phase AS first_approved_phase,
    FALSE AS is_approved_phase_mixed,
    vial_step_g,
    product_id AS first_product,
    FALSE AS is_product_mixed,
    site_id
FROM alone
UNION ALL
SELECT
    session_key,
    MIN(patient_key) AS patient_key,
    MIN(started_at) AS started_at,
    MIN(started_on) AS started_on,
    MAX(ended_at) AS ended_at,
    CAST(COUNT(*) AS INTEGER) AS n_infusions,
    CAST(CASE WHEN COUNT(dose_g) = COUNT(*) THEN SUM(dose_g) END AS DECIMAL(12, 3)) AS dose_g,
    CAST(SUM(dose_g) AS DECIMAL(12, 3)) AS known_dose_g,
    CASE
        WHEN COUNT(started_at) = COUNT(*) AND COUNT(ended_at) = COUNT(*)
            THEN CAST(
                DATE_DIFF('second', MIN(started_at), MAX(ended_at)) / 3600 AS DECIMAL(9, 3)
            )
    END AS duration_h,
    BOOL_OR(is_stopped) AS is_stopped,
    BOOL_OR(is_dose_uncertain) AS is_dose_uncertain,
    MIN(indication_code) AS first_indication,
    (MIN(indication_code) != MAX(indication_code)) IS TRUE AS is_indication_mixed,
    BOOL_OR(is_indication_on_infusion) AS is_indication_on_infusion,
    MIN(phase) AS first_phase,
    (MIN(phase) != MAX(phase)) IS TRUE AS is_phase_mixed,
    MIN(approved_phase) AS first_approved_phase,
    (MIN(approved_phase) != MAX(approved_phase)) IS TRUE AS is_approved_phase_mixed,
    MAX(vial_step_g) AS vial_step_g,
    MIN(product_id) AS first_product,
    (MIN(product_id) != MAX(product_id)) IS TRUE AS is_product_mixed,
    MIN(CASE WHEN infusion_key = session_key THEN site_id END) AS site_id
FROM joined
GROUP BY session_key
