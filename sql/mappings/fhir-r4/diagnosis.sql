-- One row per Condition that stands and code of it.
-- How a diagnosis ranks, and whether it was there on admission, a Condition does not say.
-- A dot is a step into an element. -- noqa: disable=RF01,RF03,RF04
SELECT
    patient_id,
    coding.code_system,
    coding.code,
    recorded_on,
    onset_on,
    encounter_id,
    source_file,
    source_row
FROM step.diagnosed
WHERE fate = 'read'
