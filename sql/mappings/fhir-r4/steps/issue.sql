-- One row per MedicationDispense, with what became of it and the grams it handed out.
-- One that nothing tells, of a patient who has immune globulin, is one of an unknown product.
SELECT
    h.* EXCLUDE (denied, is_missing, may_be_globulin, unit) -- noqa: AM04,RF02
    REPLACE (
        h.is_globulin OR (h.may_be_globulin AND r.patient_id IS NOT NULL) AS is_globulin,
        CASE WHEN h.is_globulin THEN h.product_code ELSE h.shown_code END AS product_code
    ),
    NOT h.is_globulin AS is_product_unknown,
    CASE
        WHEN h.denied IN ('entered_in_error', 'modifier_unknown') THEN h.denied
        WHEN
            h.is_missing AND (NOT h.may_be_globulin OR r.patient_id IS NULL)
            THEN 'medicine_missing'
        WHEN h.denied = 'not_dispensed' THEN h.denied
        WHEN
            NOT h.is_globulin AND (NOT h.may_be_globulin OR r.patient_id IS NULL)
            THEN 'medicine_not_listed'
        WHEN h.denied IS NOT NULL THEN h.denied
        WHEN h.dose_g IS NULL THEN 'no_grams'
        WHEN h.unit = 'ml' THEN 'read_by_strength'
        ELSE 'read'
    END AS fate
FROM step.handed AS h
LEFT JOIN step.recipient AS r ON h.patient_id = r.patient_id
