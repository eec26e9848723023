-- One row per Encounter, with what became of it: whether it took place and says when.
-- One that says neither may still tell the ward and the site of a dose given in it.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
SELECT
    id AS encounter_id,
    REFERENCE_ID(subject.reference, 'Patient') AS patient_id,
    period.start AS started_at,
    period.end AS ended_at,
    -- codes of v3 ActCode
    CASE class.code
        WHEN 'IMP' THEN 'inpatient'
        WHEN 'ACUTE' THEN 'inpatient'
        WHEN 'NONAC' THEN 'inpatient'
        WHEN 'SS' THEN 'day_unit'
        WHEN 'AMB' THEN 'outpatient'
        WHEN 'EMER' THEN 'emergency'
        WHEN 'HH' THEN 'home'
    END AS kind,
    LAST_PART(location[1].location.reference) AS ward_id,
    LAST_PART(serviceprovider.reference) AS site_id,
    class.code AS class_code,
    CASE
        WHEN status = 'entered-in-error' THEN 'entered_in_error'
        WHEN has_modifier THEN 'modifier_unknown'
        WHEN status IN ('planned', 'cancelled') THEN 'not_done'
        WHEN period.start IS NULL THEN 'no_time'
        ELSE 'read'
    END AS fate,
    ROW_NUMBER() OVER (PARTITION BY id ORDER BY source_file DESC, source_row DESC) = 1 AS is_last,
    meta.lastupdated AS recorded_at,
    source_file,
    source_row
FROM raw.encounter
