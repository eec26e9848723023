-- One row per course that no bag or authorisation gives an indication, and whose patient's
-- diagnosis codes leave exactly one possible.
SELECT
    c.course_key,
    MIN(d.indication_code) AS indication_code
FROM temp.course_span AS c
INNER JOIN temp.diagnosis_candidate AS d ON c.patient_key = d.patient_key
CROSS JOIN guideline.policy AS ours
INNER JOIN temp.patient_age AS p ON c.patient_key = p.patient_key
LEFT JOIN guideline.indication AS i ON d.indication_code = i.indication_code
WHERE
    c.first_indication IS NULL
    -- discharge codes are written after the treatment they explain, how long after is our policy†
    AND d.known_on <= c.last_on + ours.diagnosis_window_days
    -- an age that is unknown rules nothing out
    AND (DATE_SUB('year', p.born_from_on, c.started_on) < i.min_age_years) IS NOT TRUE
    AND (DATE_SUB('year', p.born_to_on, c.started_on) >= i.max_age_years) IS NOT TRUE
GROUP BY c.course_key
HAVING COUNT(*) = 1 AND BOOL_AND(d.decided_on <= c.last_on + ours.diagnosis_window_days) IS TRUE
