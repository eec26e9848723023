-- One row per weight, intensive-care stay and day of MIMIC-III (INPUTEVENTS_MV).
-- Every infusion row repeats the weight used for dosing; the first row of a day stands for
-- the others. When it was measured is not said, so it is dated by the day of the infusion.
SELECT
    subject_id AS patient_id,
    LEFT(starttime, 10) AS measured_at,
    patientweight AS weight_kg,
    source_file,
    source_row
FROM raw.inputevents_mv
WHERE
    patientweight IS NOT NULL
    AND statusdescription IS DISTINCT FROM 'Rewritten'
QUALIFY
    ROW_NUMBER() OVER (
        PARTITION BY subject_id, icustay_id, LEFT(starttime, 10), patientweight
        ORDER BY source_file ASC, source_row ASC
    ) = 1
