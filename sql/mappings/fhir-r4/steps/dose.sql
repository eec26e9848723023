-- One row per MedicationAdministration, with what became of it and the grams it gave.
-- A dose that nothing tells, of a patient who has immune globulin, is one of an unknown product, as
-- it is in a file of infusions: read as another medicine, it would make a whole course look short.
-- grams of a dose that was denied are nobody's, neither its whole's nor its parts'
WITH part AS (
    SELECT
        w.parent_id,
        BOOL_OR(w.denied IS NULL AND w.dose_g IS NOT NULL) AS has_dose
    FROM step.weighed AS w
    LEFT JOIN step.recipient AS r ON w.patient_id = r.patient_id
    WHERE
        w.parent_id IS NOT NULL
        AND (w.is_globulin OR (w.may_be_globulin AND r.patient_id IS NOT NULL))
    GROUP BY w.parent_id
),

whole AS (
    SELECT
        w.infusion_id,
        p.has_dose AS has_dosed_part,
        BOOL_OR(w.denied IS NULL AND w.dose_g IS NOT NULL) AS has_dose,
        BOOL_OR(w.parent_id IS NOT NULL) AS is_part
    FROM step.weighed AS w
    INNER JOIN part AS p ON w.infusion_id = p.parent_id
    LEFT JOIN step.recipient AS r ON w.patient_id = r.patient_id
    WHERE w.is_globulin OR (w.may_be_globulin AND r.patient_id IS NOT NULL)
    GROUP BY w.infusion_id, p.has_dose
)

SELECT
    m.* EXCLUDE (denied, is_missing, may_be_globulin) -- noqa: AM04,RF02
    REPLACE (
        m.is_globulin OR (m.may_be_globulin AND r.patient_id IS NOT NULL) AS is_globulin,
        CASE WHEN m.is_globulin THEN m.product_code ELSE m.shown_code END AS product_code
    ),
    NOT m.is_globulin AS is_product_unknown,
    CASE
        WHEN m.denied IN ('entered_in_error', 'modifier_unknown') THEN m.denied
        WHEN
            m.is_missing AND (NOT m.may_be_globulin OR r.patient_id IS NULL)
            THEN 'medicine_missing'
        WHEN m.denied IS NOT NULL THEN m.denied
        WHEN
            NOT m.is_globulin AND (NOT m.may_be_globulin OR r.patient_id IS NULL)
            THEN 'medicine_not_listed'
        WHEN m.parent_id != m.infusion_id AND p.is_part THEN 'part_unclear'
        WHEN
            m.parent_id != m.infusion_id AND p.infusion_id IS NOT NULL
            AND m.dose_g IS NULL AND m.rate_ml_per_h IS NOT NULL
            THEN 'rate_step'
        WHEN m.parent_id != m.infusion_id AND p.has_dose THEN 'part_of'
        WHEN m.dose_g IS NULL AND f.has_dosed_part THEN 'frame'
        WHEN m.status IN ('in-progress', 'on-hold') THEN 'unfinished'
        WHEN m.status = 'unknown' OR m.status IS NULL THEN 'status_unsure'
        WHEN m.dose_g IS NULL THEN 'no_grams'
        WHEN m.is_by_strength THEN 'read_by_strength'
        ELSE 'read'
    END AS fate
FROM step.weighed AS m
LEFT JOIN step.recipient AS r ON m.patient_id = r.patient_id
LEFT JOIN whole AS p ON m.parent_id = p.infusion_id
-- an administration that only holds others together
LEFT JOIN whole AS f ON m.infusion_id = f.infusion_id
