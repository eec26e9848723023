-- One row per MedicationAdministration, with what became of it and the grams it gave.
-- grams of a dose that was denied are nobody's, neither its whole's nor its parts'
WITH part AS (
    SELECT
        parent_id,
        BOOL_OR(denied IS NULL AND dose_g IS NOT NULL) AS has_dose
    FROM step.weighed
    WHERE parent_id IS NOT NULL AND is_globulin
    GROUP BY parent_id
),

whole AS (
    SELECT
        w.infusion_id,
        p.has_dose AS has_dosed_part,
        BOOL_OR(w.denied IS NULL AND w.dose_g IS NOT NULL) AS has_dose,
        BOOL_OR(w.parent_id IS NOT NULL) AS is_part
    FROM step.weighed AS w
    INNER JOIN part AS p ON w.infusion_id = p.parent_id
    WHERE w.is_globulin
    GROUP BY w.infusion_id, p.has_dose
)

SELECT
    m.* EXCLUDE (denied), -- noqa: AM04,RF02
    CASE
        WHEN m.denied IS NOT NULL THEN m.denied
        WHEN m.parent_id != m.infusion_id AND p.is_part THEN 'part_unclear'
        WHEN
            m.parent_id != m.infusion_id AND p.infusion_id IS NOT NULL
            AND m.dose_g IS NULL AND m.rate_ml_per_h IS NOT NULL
            THEN 'rate_step'
        WHEN m.parent_id != m.infusion_id AND p.has_dose THEN 'part_of'
        WHEN m.dose_g IS NULL AND f.has_dosed_part THEN 'frame'
        WHEN m.status IN ('in-progress', 'on-hold') THEN 'unfinished'
        WHEN m.status = 'unknown' THEN 'status_unknown'
        WHEN m.dose_g IS NULL THEN 'no_grams'
        WHEN m.is_by_strength THEN 'read_by_strength'
        ELSE 'read'
    END AS fate
FROM step.weighed AS m
LEFT JOIN whole AS p ON m.parent_id = p.infusion_id
-- an administration that only holds others together
LEFT JOIN whole AS f ON m.infusion_id = f.infusion_id
