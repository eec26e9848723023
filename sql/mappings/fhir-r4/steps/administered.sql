-- One row per MedicationAdministration, with its bag, its request, its place and the words on it.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        *,
        REFERENCE_ID(medicationreference.reference, 'Medication') AS medication_id,
        REFERENCE_ID(request.reference, 'MedicationRequest') AS request_id,
        REFERENCE_ID(context.reference, 'Encounter') AS encounter_id,
        CONTAINED_AS(contained, medicationreference.reference) AS bag,
        LOWER(TRIM(SAID(dosage.method))) AS method,
        SAID(statusreason[1]) AS reason
    FROM raw.medicationadministration
),

meant AS (
    SELECT
        LOWER(TRIM(word)) AS word,
        MIN(meaning) AS meaning
    FROM raw.administration_word
    GROUP BY LOWER(TRIM(word))
    HAVING MIN(meaning) = MAX(meaning)
)

SELECT
    r.id AS infusion_id,
    REFERENCE_ID(r.subject.reference, 'Patient') AS patient_id,
    REFERENCE_ID(r.partof[1].reference, 'MedicationAdministration') AS parent_id,
    COALESCE(
        CAST(r.medicationcodeableconcept AS VARCHAR), CAST(r.bag.code AS VARCHAR), m.concept
    ) AS concept,
    o.concept AS request_concept,
    o.is_mixture AS is_request_mixture,
    r.request_id,
    COALESCE(r.effectiveperiod.start, r.effectivedatetime) AS started_at,
    r.effectiveperiod.end AS ended_at,
    r.dosage.dose,
    r.dosage.ratequantity AS rate,
    r.dosage.rateratio AS rate_ratio,
    COALESCE(SAID(r.dosage.route), o.route) AS route,
    CASE WHEN r.bag.id IS NULL THEN m.batch ELSE r.bag.batch END AS batch,
    r.bag.amount,
    r.bag.ingredient,
    CASE WHEN LENGTH(r.bag.ingredient) > 0 THEN r.contained END AS contained,
    FIRST_ID(r.supportinginformation, 'MedicationDispense') AS dispensing_id,
    o.dose_g AS prescribed_dose_g,
    o.prescriber_id,
    o.authorisation_id,
    o.phase,
    COALESCE(SAID(r.reasoncode[1]), o.reason) AS indication,
    s.kind AS place_kind,
    s.ward_id,
    s.site_id,
    r.status,
    r.reason AS stop_reason,
    CASE
        WHEN w.meaning IS NOT NULL THEN w.meaning
        -- "Not Given", "Not Given per Sliding Scale", "Hold Dose"
        WHEN
            REGEXP_MATCHES(
                r.method, '^(not |hold\b|held\b|omit|refused|missed|declined|cancel|withheld)'
            )
            THEN 'not_given'
        -- what is done with an infusion that runs is no dose of its own
        WHEN
            REGEXP_MATCHES(
                r.method, '^(delayed )?(flush|stop|pause|resum|restart|rate (change|verif))'
            )
            THEN 'no_dose'
    END AS method_says,
    REGEXP_MATCHES(LOWER(r.reason), '^ *(not given|hold dose|held\b|refused)') IS TRUE
    -- HL7 "reason medication not given": away, asleep, vomited
    OR CODE_IN(r.statusreason[1].coding, '%reason-medication-not-given') IN ('b', 'c', 'd')
    IS TRUE AS is_reason_against,
    r.has_modifier OR r.dosage.modifierextension IS NOT NULL AS has_modifier,
    r.meta.lastupdated AS recorded_at,
    r.source_file,
    r.source_row
FROM read AS r
LEFT JOIN step.medication AS m ON r.medication_id = m.medication_id
LEFT JOIN step.prescribed AS o ON r.request_id = o.request_id AND o.is_last
LEFT JOIN
    step.stay AS s
    ON r.encounter_id = s.encounter_id AND s.is_last AND s.fate != 'entered_in_error'
LEFT JOIN meant AS w ON r.method = w.word
