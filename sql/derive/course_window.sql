-- One row per course of known indication: the known grams of the patient's sessions for that
-- indication in the 28 days that end with the course's last day.
-- Where the course itself lies within them and its predecessor does not, they are its own grams;
-- only for the other courses are the sessions looked at.
WITH followed AS (
    SELECT
        f.course_key,
        f.patient_key,
        f.indication_code,
        f.last_on,
        f.known_dose_g,
        f.last_on - f.started_on <= 27 AND (h.earlier_last_on >= f.last_on - 27) IS NOT TRUE
            AS is_alone
    FROM temp.course_fact AS f
    INNER JOIN temp.course_history AS h ON f.course_key = h.course_key
),

crowded AS (
    SELECT
        course_key,
        patient_key,
        indication_code,
        last_on
    FROM followed
    WHERE NOT is_alone
),

summed AS (
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
)

SELECT
    course_key,
    known_dose_g AS grams_28d
FROM followed
WHERE is_alone
UNION ALL
SELECT
    course_key,
    grams_28d
FROM summed
