-- One row per MedicationDispense of an immune globulin that was handed out.
-- One with a modifierExtension goes to quarantine, as an infusion does, and so does one whose
-- status does not say that it was handed out: its grams are not known.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
SELECT
    dispensing_id,
    patient_id,
    dispensed_at,
    product_code,
    CASE
        WHEN fate = 'modifier_unknown' THEN 'modifierExtension'
        WHEN fate != 'status_unsure' THEN dose_g
    END AS dose_g,
    route,
    batch.lotnumber AS lot_number,
    WHOLE_DAY(batch.expirationdate) AS expires_on,
    vial_size_g,
    n_vials,
    authorisation_id,
    prescriber_id,
    site_id,
    recorded_at,
    source_file,
    source_row
FROM step.issue
WHERE
    is_globulin
    AND fate IN ('read', 'read_by_strength', 'no_grams', 'status_unsure', 'modifier_unknown')
