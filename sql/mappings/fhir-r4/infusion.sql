-- One row per MedicationAdministration of an immune globulin that is an infusion or was to be one.
-- One that carries a modifierExtension may say the opposite of what it seems to, so it goes to
-- quarantine and is neither counted nor lost. One that still runs has no grams yet.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
SELECT
    infusion_id,
    patient_id,
    started_at,
    ended_at,
    product_code,
    CASE WHEN fate NOT IN ('unfinished', 'part_unclear', 'status_unsure') THEN dose_g END
        AS dose_g,
    prescribed_dose_g,
    volume_ml,
    rate_ml_per_h AS max_rate_ml_per_h,
    route,
    indication AS indication_code,
    phase,
    batch.lotnumber AS lot_number,
    dispensing_id,
    authorisation_id,
    CASE
        WHEN fate = 'modifier_unknown' THEN 'modifierExtension'
        WHEN fate = 'not_given' THEN 'not_given'
        WHEN status IN ('completed', 'stopped') THEN status
        WHEN status IN ('in-progress', 'on-hold', 'unknown') THEN NULL
        ELSE status
    END AS status,
    stop_reason,
    CASE WHEN place_kind IN ('inpatient', 'day_unit', 'home') THEN place_kind END
        AS care_setting,
    ward_id,
    site_id,
    prescriber_id,
    recorded_at,
    source_file,
    source_row
FROM step.dose
WHERE
    is_globulin
    AND fate IN (
        'read', 'read_by_strength', 'no_grams', 'not_given', 'unfinished', 'status_unsure',
        'part_unclear', 'modifier_unknown'
    )
