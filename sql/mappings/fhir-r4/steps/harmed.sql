-- One row per AdverseEvent, with its first suspect and how surely that caused it.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH read AS (
    SELECT
        *,
        suspectentity[1].causality[1] AS cause
    FROM raw.adverseevent
)

SELECT
    id AS event_id,
    REFERENCE_ID(subject.reference, 'Patient') AS patient_id,
    SAID(event) AS term,
    CASE WHEN WHOLE_DAY(date) IS NOT NULL THEN date END AS onset_at,
    CASE WHEN WHOLE_DAY(recordeddate) IS NOT NULL THEN recordeddate END AS reported_at,
    -- the contract counts 1 for mild, and so on
    CASE severity.coding[1].code
        WHEN 'mild' THEN '1'
        WHEN 'moderate' THEN '2'
        WHEN 'severe' THEN '3'
    END AS grade,
    CASE LOWER(seriousness.coding[1].code)
        WHEN 'serious' THEN 'true'
        WHEN 'non-serious' THEN 'false'
    END AS is_serious,
    -- words of the WHO's scale, as HL7 codes them
    CASE LOWER(COALESCE(cause.assessment.coding[1].code, cause.assessment.coding[1].display))
        WHEN 'certain' THEN 'definite'
        WHEN 'probably-likely' THEN 'probable'
        WHEN 'possible' THEN 'possible'
        WHEN 'unlikely' THEN 'doubtful'
        WHEN 'conditional-classified' THEN 'not_assessable'
        WHEN 'unassessable-unclassifiable' THEN 'not_assessable'
    END AS imputability,
    LAST_PART(cause.author.reference) AS assessor,
    outcome.coding[1].code AS outcome,
    REFERENCE_ID(suspectentity[1].instance.reference, 'MedicationAdministration') AS infusion_id,
    CASE
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN actuality = 'potential' THEN 'not_done'
        ELSE 'read'
    END AS fate,
    meta.lastupdated AS recorded_at,
    source_file,
    source_row
FROM read
