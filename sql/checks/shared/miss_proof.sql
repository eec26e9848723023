-- One row per patient, record kind, code system, stretch of days that overlaps what another record
-- of the patient is near to, and period in which such records are complete at a site (NULL: at
-- all). What was not found in a window is missed, and not merely unknown, where some row's
-- `complete_from_on` to `complete_to_on` holds the whole window and its `seen_from_on` to
-- `seen_to_on` overlaps it.
SELECT
    k.record,
    k.patient_key,
    k.code_system,
    v.site_id,
    k.from_on AS seen_from_on,
    k.to_on AS seen_to_on,
    v.from_on AS complete_from_on,
    v.to_on AS complete_to_on
FROM audit.kept_stretch AS k
INNER JOIN staged.coverage AS v ON k.record = v.record
