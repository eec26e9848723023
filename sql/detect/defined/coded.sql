-- One row per diagnosis of a treated patient: between which days it may have happened, and whether
-- it can be placed at all. Discharge codes are written after the treatment they were known at: how
-- long after is our policy†, where the encounter does not tell.
SELECT
    d.patient_key,
    d.diagnosis_key,
    d.code_system,
    d.code,
    COALESCE(
        d.onset_on,
        e.started_on,
        d.recorded_on - CAST(ours.diagnosis_window_days AS INTEGER),
        DATE '0001-01-01'
    ) AS earliest_on,
    COALESCE(d.onset_on, d.recorded_on, e.ended_on, DATE '9999-12-31') AS latest_on,
    -- principal or secondary, and not there when the encounter began
    COALESCE(d.position IN ('principal', 'secondary') AND NOT d.present_on_admission, FALSE)
        AS is_new,
    COALESCE(d.onset_on, d.recorded_on) AS told_on
FROM staged.diagnosis AS d
SEMI JOIN derived.course AS c ON d.patient_key = c.patient_key AND c.is_in_period
CROSS JOIN guideline.policy AS ours
LEFT JOIN staged.encounter AS e ON d.encounter_key = e.encounter_key
