-- One row per course in whose window the patient has a quarantined row: from the oldest day a
-- weight may rest on to the last day a further session would still belong to the course.
SELECT DISTINCT c.course_key
FROM temp.course_fact AS c
CROSS JOIN guideline.policy AS ours
INNER JOIN derived.quarantined_window AS q ON c.patient_key = q.patient_key
WHERE
    q.on_date IS NULL
    OR (
        q.on_date >= c.started_on - ours.weight_max_age_days
        AND q.on_date <= c.last_on + c.course_gap_days
    )
