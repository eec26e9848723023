-- One row per Encounter, with what became of it: whether it took place and says when.
-- One that says neither may still tell the ward and the site of a dose given in it.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
WITH repeated AS (
    SELECT
        id,
        MAX({ 'source_file': source_file, 'source_row': source_row }) AS newest
    FROM raw.encounter
    GROUP BY id
    HAVING COUNT(*) > 1
)

SELECT
    e.id AS encounter_id,
    REFERENCE_ID(e.subject.reference, 'Patient') AS patient_id,
    e.period.start AS started_at,
    e.period.end AS ended_at,
    -- codes of v3 ActCode
    CASE e.class.code
        WHEN 'IMP' THEN 'inpatient'
        WHEN 'ACUTE' THEN 'inpatient'
        WHEN 'NONAC' THEN 'inpatient'
        WHEN 'SS' THEN 'day_unit'
        WHEN 'AMB' THEN 'outpatient'
        WHEN 'EMER' THEN 'emergency'
        WHEN 'HH' THEN 'home'
    END AS kind,
    LAST_PART(e.location[1].location.reference) AS ward_id,
    LAST_PART(e.serviceprovider.reference) AS site_id,
    e.class.code AS class_code,
    CASE
        WHEN e.status = 'entered-in-error' THEN 'entered_in_error'
        WHEN e.has_modifier THEN 'modifier_unknown'
        WHEN e.status IN ('planned', 'cancelled') THEN 'not_done'
        WHEN e.period.start IS NULL THEN 'no_time'
        ELSE 'read'
    END AS fate,
    t.id IS NULL
    OR t.newest = { 'source_file': e.source_file, 'source_row': e.source_row } AS is_last,
    e.meta.lastupdated AS recorded_at,
    e.source_file,
    e.source_row
FROM raw.encounter AS e
LEFT JOIN repeated AS t ON e.id = t.id
