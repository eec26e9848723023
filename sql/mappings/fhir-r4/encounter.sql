-- One row per Encounter that took place and says when.
-- The class tells the kind; a class that the contract has no word for tells none.
SELECT
    encounter_id,
    patient_id,
    started_at,
    ended_at,
    kind,
    ward_id,
    site_id,
    recorded_at,
    source_file,
    source_row
FROM step.stay
WHERE fate = 'read'
