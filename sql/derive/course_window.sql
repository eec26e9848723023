-- One row per course of known indication: the known grams of the patient's sessions for that
-- indication in the 28 days that end with the course's last day.
WITH summed AS (
    SELECT
        c.course_key,
        c.is_last,
        SUM(s.known_dose_g) OVER (
            PARTITION BY s.patient_key, f.indication_code
            ORDER BY s.started_on
            RANGE BETWEEN 27 PRECEDING AND CURRENT ROW
        ) AS grams_28d
    FROM temp.session_course AS c
    INNER JOIN temp.session_fact AS s ON c.session_key = s.session_key
    INNER JOIN temp.course_fact AS f ON c.course_key = f.course_key
    WHERE f.indication_code IS NOT NULL
)

SELECT
    course_key,
    CAST(grams_28d AS DECIMAL(12, 3)) AS grams_28d
FROM summed
WHERE is_last
