-- One row per thing a verdict may be about: its name in the records and its day.
-- A course, a session and an infusion are named by their first bag (group `bag`); a record that has
-- no id of its own is named by what tells it apart.
SELECT
    'bag' AS subject_group,
    d.infusion_key AS subject_key,
    COALESCE(i.source_id, x.source_id, '') AS source_id,
    COALESCE(i.infusion_id, x.dispensing_id) AS record_id,
    d.started_on AS subject_on
FROM derived.infusion AS d
LEFT JOIN staged.infusion AS i ON d.record = 'infusion' AND d.infusion_key = i.infusion_key
LEFT JOIN staged.dispensing AS x ON d.record = 'dispensing' AND d.infusion_key = x.dispensing_key
UNION ALL
SELECT
    'patient' AS subject_group,
    patient_key AS subject_key,
    COALESCE(source_id, '') AS source_id,
    NULL AS record_id,
    NULL AS subject_on
FROM staged.patient
UNION ALL
SELECT
    'dispensing' AS subject_group,
    dispensing_key AS subject_key,
    COALESCE(source_id, '') AS source_id,
    dispensing_id AS record_id,
    dispensed_on AS subject_on
FROM staged.dispensing
UNION ALL
SELECT
    'authorisation' AS subject_group,
    authorisation_key AS subject_key,
    COALESCE(source_id, '') AS source_id,
    authorisation_id AS record_id,
    COALESCE(valid_from, decided_on, requested_on) AS subject_on
FROM staged.authorisation
UNION ALL
SELECT
    'vaccination' AS subject_group,
    vaccination_key AS subject_key,
    COALESCE(source_id, '') AS source_id,
    vaccine_code || '|' || given_on AS record_id,
    given_on AS subject_on
FROM staged.vaccination
UNION ALL
SELECT
    'outcome_review' AS subject_group,
    outcome_review_key AS subject_key,
    COALESCE(source_id, '') AS source_id,
    CONCAT_WS('|', reviewed_on, indication_code, measure) AS record_id,
    reviewed_on AS subject_on
FROM staged.outcome_review
