-- One row per course that no bag or authorisation gives an indication, and whose patient's
-- diagnosis codes leave exactly one possible.
-- What was stated in words that no code list knows is unknown: a code must not speak in its place.
WITH stated AS (
    SELECT
        patient_key,
        started_on,
        indication_code,
        authorisation_key
    FROM staged.infusion
    UNION ALL
    SELECT
        patient_key,
        dispensed_on AS started_on,
        NULL AS indication_code,
        authorisation_key
    FROM staged.dispensing
),

unread AS (
    SELECT indication_text
    FROM temp.indication_text
    WHERE indication_code IS NULL
),

unread_day AS (
    SELECT DISTINCT
        s.patient_key,
        s.started_on
    FROM stated AS s
    LEFT JOIN staged.authorisation AS a ON s.authorisation_key = a.authorisation_key
    WHERE
        s.indication_code IN (SELECT u.indication_text FROM unread AS u)
        OR a.indication_code IN (SELECT u.indication_text FROM unread AS u)
)

SELECT
    c.course_key,
    MIN(d.indication_code) AS indication_code
FROM temp.course_span AS c
INNER JOIN temp.diagnosis_candidate AS d ON c.patient_key = d.patient_key
CROSS JOIN guideline.policy AS ours
INNER JOIN temp.patient_age AS p ON c.patient_key = p.patient_key
LEFT JOIN guideline.indication AS i ON d.indication_code = i.indication_code
ANTI JOIN unread_day AS r
    ON c.patient_key = r.patient_key AND r.started_on BETWEEN c.started_on AND c.last_on
WHERE
    c.first_indication IS NULL
    -- discharge codes are written after the treatment they explain, how long after is our policy†
    AND d.known_on <= c.last_on + ours.diagnosis_window_days
    -- an age that is unknown rules nothing out
    AND (DATE_SUB('year', p.born_from_on, c.started_on) < i.min_age_years) IS NOT TRUE
    AND (DATE_SUB('year', p.born_to_on, c.started_on) >= i.max_age_years) IS NOT TRUE
GROUP BY c.course_key
HAVING COUNT(*) = 1 AND BOOL_AND(d.decided_on <= c.last_on + ours.diagnosis_window_days) IS TRUE
