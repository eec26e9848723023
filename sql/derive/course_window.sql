-- One row per course whose 28 days that end with its last day hold more than it and all of its
-- predecessor: the known grams of the patient's sessions for that indication in them.
WITH crowded AS (
    SELECT
        f.course_key,
        f.patient_key,
        f.indication_code,
        f.last_on
    FROM temp.course_history AS h
    INNER JOIN temp.course_fact AS f ON h.course_key = f.course_key
    WHERE h.is_crowded
)

SELECT
    c.course_key,
    CAST(SUM(s.known_dose_g) AS DECIMAL(12, 3)) AS grams_28d
FROM crowded AS c
INNER JOIN temp.course_fact AS f
    ON c.patient_key = f.patient_key AND c.indication_code = f.indication_code
INNER JOIN derived.session AS s ON f.course_key = s.course_key
WHERE
    f.started_on <= c.last_on
    AND f.last_on >= c.last_on - 27
    AND s.started_on <= c.last_on
    AND s.started_on >= c.last_on - 27
GROUP BY c.course_key
