-- One row per MedicationRequest, with what it asks for and whether it stands.
-- Of several with one id the last one read answers for it.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        *,
        CONTAINED_AS(contained, medicationreference.reference).code AS contained_code,
        dosageinstruction[1].doseandrate[1].dosequantity AS dose
    FROM raw.medicationrequest
),

repeated AS (
    SELECT
        id,
        MAX({ 'source_file': source_file, 'source_row': source_row }) AS newest
    FROM raw.medicationrequest
    GROUP BY id
    HAVING COUNT(*) > 1
)

SELECT
    r.id AS request_id,
    REFERENCE_ID(r.subject.reference, 'Patient') AS patient_id,
    COALESCE(
        CAST(r.medicationcodeableconcept AS VARCHAR), CAST(r.contained_code AS VARCHAR), m.concept
    ) AS concept,
    m.is_mixture IS TRUE AS is_mixture,
    COALESCE(r.dispenserequest.validityperiod.start, r.authoredon) AS started_at,
    r.dispenserequest.validityperiod.end AS ended_at,
    SAID(r.dosageinstruction[1].route) AS route,
    CASE
        WHEN DOSE_UNIT(r.dose) IN ('g', 'gm', 'gram', 'grams') THEN r.dose.value
    END AS dose_g,
    LAST_PART(r.requester.reference) AS prescriber_id,
    SAID(r.reasoncode[1]) AS reason,
    CASE
        WHEN SAID(r.courseoftherapytype) IN ('loading', 'maintenance', 'single')
            THEN SAID(r.courseoftherapytype)
    END AS phase,
    FIRST_ID(r.insurance, 'ClaimResponse') AS authorisation_id,
    CASE
        WHEN r.status = 'entered-in-error' THEN 'entered_in_error'
        WHEN r.has_modifier THEN 'modifier_unknown'
        WHEN
            r.donotperform = 'true'
            OR r.status IN ('draft', 'cancelled')
            OR r.intent IN ('proposal', 'plan', 'option')
            THEN 'not_done'
        ELSE 'stands'
    END AS standing,
    t.id IS NULL
    OR t.newest = { 'source_file': r.source_file, 'source_row': r.source_row } AS is_last,
    r.source_file,
    r.source_row
FROM read AS r
LEFT JOIN step.medication AS m
    ON REFERENCE_ID(r.medicationreference.reference, 'Medication') = m.medication_id
LEFT JOIN repeated AS t ON r.id = t.id
