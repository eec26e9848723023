-- One row per MedicationDispense, with what was handed out, its pack and the request behind it.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        *,
        REFERENCE_ID(medicationreference.reference, 'Medication') AS medication_id,
        REFERENCE_ID(authorizingprescription[1].reference, 'MedicationRequest') AS request_id,
        REFERENCE_ID(context.reference, 'Encounter') AS encounter_id,
        CONTAINED_AS(contained, medicationreference.reference) AS pack
    FROM raw.medicationdispense
)

SELECT
    r.id AS dispensing_id,
    REFERENCE_ID(r.subject.reference, 'Patient') AS patient_id,
    COALESCE(
        CAST(r.medicationcodeableconcept AS VARCHAR), CAST(r.pack.code AS VARCHAR), m.concept
    ) AS concept,
    o.concept AS request_concept,
    o.is_mixture AS is_request_mixture,
    o.request_id IS NOT NULL AS has_request,
    COALESCE(r.whenhandedover, r.whenprepared) AS dispensed_at,
    r.whenhandedover IS NOT NULL AS is_handed_over,
    r.quantity,
    CASE WHEN r.pack.id IS NULL THEN m.batch ELSE r.pack.batch END AS batch,
    CASE WHEN r.pack.id IS NULL THEN m.amount ELSE r.pack.amount END AS amount,
    r.pack.ingredient,
    CASE WHEN LENGTH(r.pack.ingredient) > 0 THEN r.contained END AS contained,
    COALESCE(SAID(r.dosageinstruction[1].route), o.route) AS route,
    o.authorisation_id,
    o.prescriber_id,
    COALESCE(LAST_PART(r.location.reference), s.site_id) AS site_id,
    r.status,
    r.has_modifier,
    r.meta.lastupdated AS recorded_at,
    r.source_file,
    r.source_row
FROM read AS r
LEFT JOIN step.medication AS m ON r.medication_id = m.medication_id
LEFT JOIN step.prescribed AS o ON r.request_id = o.request_id AND o.is_last
LEFT JOIN
    step.stay AS s
    ON r.encounter_id = s.encounter_id AND s.is_last AND s.fate != 'entered_in_error'
