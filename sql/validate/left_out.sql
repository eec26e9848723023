-- One row per patient identifier that is to be left out: those listed, and every other one that
-- a merge says is the same patient, in whichever direction.
-- Reads `opted_out` and `merge_named`. It errs to leave out: a merge that validation would
-- refuse counts here too.
WITH RECURSIVE same_patient AS (
    SELECT
        id_scope,
        merged_id AS one_id,
        surviving_id AS other_id
    FROM merge_named
    UNION
    SELECT
        id_scope,
        surviving_id AS one_id,
        merged_id AS other_id
    FROM merge_named
),

left_out AS (
    SELECT
        opted_out.id_scope,
        opted_out.patient_id
    FROM opted_out
    UNION
    SELECT
        same_patient.id_scope,
        same_patient.other_id AS patient_id
    FROM left_out
    INNER JOIN same_patient
        ON
            left_out.id_scope = same_patient.id_scope
            AND left_out.patient_id = same_patient.one_id
)

SELECT
    id_scope,
    patient_id
FROM left_out
